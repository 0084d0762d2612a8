"""Chunked bodies: sizes, extensions, trailers. Source: RFC 9112, section 7.1."""

from tests.conformance.case import (
    CHUNKED,
    SEEN_SMUGGLED,
    SMUGGLED,
    Case,
    posted,
    refused,
    served,
    unfinished,
)

REST = b"\r\nabcde\r\n0\r\n\r\n"


def size(text: bytes, rest: bytes = REST) -> bytes:
    return CHUNKED + text + rest


def trailer(*lines: bytes, then: bytes = b"") -> bytes:
    return CHUNKED + b"5\r\nabcde\r\n0\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + then


SIZES = [
    refused("chunk size 0x5", size(b"0x5")),
    refused("chunk size 0X5", size(b"0X5")),
    refused("chunk size +5", size(b"+5")),
    refused("chunk size -5", size(b"-5")),
    refused("chunk size -0", size(b"-0", b"\r\n\r\n")),
    refused("chunk size 0_5", size(b"0_5")),
    refused("chunk size 5these", size(b"5these")),
    refused("chunk size 5g", size(b"5g")),
    refused("chunk size 5.0", size(b"5.0")),
    refused("chunk size in quotes", size(b'"5"')),
    refused("chunk size empty", size(b"")),
    refused("chunk size empty with extension", size(b";a=b")),
    refused("chunk size 2^64+5", size(b"10000000000000005")),
    unfinished("chunk size of 16 f", size(b"ffffffffffffffff")),
    refused("chunk size of 300 f", size(b"f" * 300), 400, 413),
    unfinished("chunk size 2^32+5", size(b"100000005", b"\r\nabcde")),
    refused("chunk size with leading space", size(b" 5")),
    refused("chunk size with leading TAB", size(b"\t5")),
    refused("chunk size with space after it", size(b"5 ")),
    refused("chunk size with TAB after it", size(b"5\t")),
    refused("chunk size with spaces and extension", size(b"5 ; a=b")),
    refused("chunk size with NUL", size(b"5\x00")),
    refused("chunk size with VT", size(b"5\x0b")),
    refused("chunk size of an Arabic-Indic digit", size(b"\xd9\xa5")),
    refused("chunk size and bare LF", size(b"5", b"\nabcde\r\n0\r\n\r\n")),
    refused("chunk size and bare CR", size(b"5", b"\rabcde\r\n0\r\n\r\n")),
    refused("chunk size and CR CR LF", size(b"5", b"\r\r\nabcde\r\n0\r\n\r\n")),
    refused("chunk size and two ends", size(b"5", b"\r\n\r\nabcde\r\n0\r\n\r\n")),
    refused("chunk size and LF CR", size(b"5", b"\n\rabcde\r\n0\r\n\r\n")),
    served("chunk size with zeros", size(b"0000000000000005"), posted(b"abcde")),
    served("chunk size in upper case", size(b"A", b"\r\nabcdeabcde\r\n0\r\n\r\n"), posted(b"abcdeabcde")),
    served("several chunks", size(b"2", b"\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"), posted(b"abcde")),
    served("only the last chunk", CHUNKED + b"0\r\n\r\n", posted(b"")),
    served("last chunk of several zeros", CHUNKED + b"000\r\n\r\n", posted(b"")),
]

DATA = [
    refused("chunk data longer than its size", size(b"4")),
    refused("chunk data shorter than its size", size(b"6", b"\r\nabcde\r\n0\r\n\r\n")),
    refused("chunk data without an end", size(b"5", b"\r\nabcde0\r\n\r\n")),
    refused("chunk data and bare LF", size(b"5", b"\r\nabcde\n0\r\n\r\n")),
    refused("chunk data and bare CR", size(b"5", b"\r\nabcde\r0\r\n\r\n")),
    refused("chunk data and CR CR LF", size(b"5", b"\r\nabcde\r\r\n0\r\n\r\n")),
    refused("chunk data and two other bytes", size(b"5", b"\r\nabcdeXX0\r\n\r\n")),
    refused("last chunk and bare LF", CHUNKED + b"0\n\n"),
    refused("last chunk, then LF only", CHUNKED + b"0\r\n\n"),
    refused("last chunk, then CR and another byte", CHUNKED + b"0\r\n\rX"),
]

EXTENSIONS = [
    served("extension", size(b"5;a=b"), posted(b"abcde")),
    served("extension without value", size(b"5;a"), posted(b"abcde")),
    served("extension in quotes", size(b'5;a="b;c"'), posted(b"abcde")),
    served("several extensions", size(b"5;a=b;c=d"), posted(b"abcde")),
    served("extension of the last chunk", CHUNKED + b"0;a=b\r\n\r\n", posted(b"")),
    refused("extension with bare LF", size(b"5;a\nb")),
    refused("extension that is a bare LF", size(b"5;\n")),
    refused("extension with bare CR", size(b"5;a\rb")),
    refused("extension with CR CR", size(b"5\r\r;a")),
    refused("extension with NUL", size(b"5;a\x00b")),
    refused("extension with LF in quotes", size(b'5;a="\n"')),
    refused("extension with a request after LF", size(b"5;\n", b"abcde\r\n0\r\n\r\n" + SMUGGLED)),
    refused("extension of 64 KiB", size(b"5;" + b"a" * 65_536)),
    refused("extension of 300 bytes", size(b"5;" + b"a" * 300)),
    refused("extensions of 8 KiB in all", CHUNKED + (b"1;" + b"a" * 200 + b"\r\na\r\n") * 40 + b"0\r\n\r\n"),
    refused("extension without semicolon", size(b"5 a=b")),
]

TRAILERS = [
    served("trailer", trailer(b"X-Sum: 1"), posted(b"abcde")).without(b"x-sum"),
    served("trailer Authorization", trailer(b"Authorization: Bearer x"), posted(b"abcde")).without(b"authorization"),
    served("trailer Host", trailer(b"Host: evil"), posted(b"abcde")).with_lines(b"host: a"),
    served("trailer X-Forwarded-For", trailer(b"X-Forwarded-For: 6.6.6.6"), posted(b"abcde")).with_lines(
        b"x-forwarded-for: 127.0.0.1"
    ),
    served("trailer of ours", trailer(b"X-Isthmus-Tenant: evil"), posted(b"abcde")).without(b"x-isthmus-tenant"),
    served("trailer Connection", trailer(b"Connection: x-a"), posted(b"abcde")),
    served("trailer Expect", trailer(b"Expect: 100-continue"), posted(b"abcde")),
    served("trailer, then a request", trailer(b"X: 1", then=SMUGGLED), posted(b"abcde"), SEEN_SMUGGLED).without(b"x"),
    refused("trailer Content-Length", trailer(b"Content-Length: 43", then=SMUGGLED)),
    refused("trailer Transfer-Encoding", trailer(b"Transfer-Encoding: chunked", then=b"0\r\n\r\n")),
    refused("trailer without colon", trailer(b"abc")),
    refused("trailer folded", trailer(b"X: 1", b" 2")),
    refused("trailer with bare LF", trailer(b"X: 1\nY: 2")),
    refused("trailer with bare CR", trailer(b"X: 1\rY: 2")),
    refused("trailer with NUL", trailer(b"X: 1\x00")),
    refused("trailer with space before the colon", trailer(b"X : 1")),
    refused("trailers of 64 KiB", trailer(b"X: " + b"a" * 65_536), 400, 431),
    refused("2,000 trailers", trailer(*[b"X-%d: a" % number for number in range(2000)]), 400, 431),
    served("trailer Connection: close", trailer(b"Connection: close"), posted(b"abcde")),
    refused("trailer that is a request", CHUNKED + b"0\r\n" + SMUGGLED),
]

CASES: list[Case] = [*SIZES, *DATA, *EXTENSIONS, *TRAILERS]
