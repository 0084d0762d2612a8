"""Where the body of an exchange's request is."""

from enum import Enum


class Body(Enum):
    UNREAD = "unread"
    HELD = "held"
    BEGUN = "begun"  # of a form, what must be known is there; more may come
    STREAMED = "streamed"
    WHOLE = "whole"
    SWITCHED = "switched"  # there is none; what comes is for the tunnel


UNREAD, HELD, BEGUN, STREAMED, WHOLE, SWITCHED = Body  # by global name, which costs a tenth of a look-up in the class
