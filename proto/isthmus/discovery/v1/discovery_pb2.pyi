from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NodeMessage(_message.Message):
    __slots__ = ("hello", "digests", "ack", "nack")
    HELLO_FIELD_NUMBER: _ClassVar[int]
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    NACK_FIELD_NUMBER: _ClassVar[int]
    hello: Hello
    digests: Digests
    ack: Ack
    nack: Nack
    def __init__(self, hello: _Optional[_Union[Hello, _Mapping]] = ..., digests: _Optional[_Union[Digests, _Mapping]] = ..., ack: _Optional[_Union[Ack, _Mapping]] = ..., nack: _Optional[_Union[Nack, _Mapping]] = ...) -> None: ...

class ControlPlaneMessage(_message.Message):
    __slots__ = ("welcome", "digests_wanted", "update")
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    DIGESTS_WANTED_FIELD_NUMBER: _ClassVar[int]
    UPDATE_FIELD_NUMBER: _ClassVar[int]
    welcome: Welcome
    digests_wanted: DigestsWanted
    update: Update
    def __init__(self, welcome: _Optional[_Union[Welcome, _Mapping]] = ..., digests_wanted: _Optional[_Union[DigestsWanted, _Mapping]] = ..., update: _Optional[_Union[Update, _Mapping]] = ...) -> None: ...

class Hello(_message.Message):
    __slots__ = ("node", "gateway", "schema_version", "epoch", "revision", "content_hash")
    NODE_FIELD_NUMBER: _ClassVar[int]
    GATEWAY_FIELD_NUMBER: _ClassVar[int]
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CONTENT_HASH_FIELD_NUMBER: _ClassVar[int]
    node: str
    gateway: str
    schema_version: int
    epoch: str
    revision: int
    content_hash: bytes
    def __init__(self, node: _Optional[str] = ..., gateway: _Optional[str] = ..., schema_version: _Optional[int] = ..., epoch: _Optional[str] = ..., revision: _Optional[int] = ..., content_hash: _Optional[bytes] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("epoch", "accept_epoch")
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_EPOCH_FIELD_NUMBER: _ClassVar[int]
    epoch: str
    accept_epoch: bool
    def __init__(self, epoch: _Optional[str] = ..., accept_epoch: _Optional[bool] = ...) -> None: ...

class DigestsWanted(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Digests(_message.Message):
    __slots__ = ("digests",)
    DIGESTS_FIELD_NUMBER: _ClassVar[int]
    digests: bytes
    def __init__(self, digests: _Optional[bytes] = ...) -> None: ...

class Update(_message.Message):
    __slots__ = ("revision", "changed", "removed", "replaced_buckets", "more", "content_hash")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    REPLACED_BUCKETS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_HASH_FIELD_NUMBER: _ClassVar[int]
    revision: int
    changed: _containers.RepeatedCompositeFieldContainer[Resource]
    removed: _containers.RepeatedScalarFieldContainer[str]
    replaced_buckets: _containers.RepeatedScalarFieldContainer[int]
    more: bool
    content_hash: bytes
    def __init__(self, revision: _Optional[int] = ..., changed: _Optional[_Iterable[_Union[Resource, _Mapping]]] = ..., removed: _Optional[_Iterable[str]] = ..., replaced_buckets: _Optional[_Iterable[int]] = ..., more: _Optional[bool] = ..., content_hash: _Optional[bytes] = ...) -> None: ...

class Resource(_message.Message):
    __slots__ = ("path", "payload", "continues")
    PATH_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_FIELD_NUMBER: _ClassVar[int]
    CONTINUES_FIELD_NUMBER: _ClassVar[int]
    path: str
    payload: bytes
    continues: bool
    def __init__(self, path: _Optional[str] = ..., payload: _Optional[bytes] = ..., continues: _Optional[bool] = ...) -> None: ...

class Ack(_message.Message):
    __slots__ = ("revision", "content_hash")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CONTENT_HASH_FIELD_NUMBER: _ClassVar[int]
    revision: int
    content_hash: bytes
    def __init__(self, revision: _Optional[int] = ..., content_hash: _Optional[bytes] = ...) -> None: ...

class Nack(_message.Message):
    __slots__ = ("revision", "content_hash", "rejected")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CONTENT_HASH_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    revision: int
    content_hash: bytes
    rejected: _containers.RepeatedCompositeFieldContainer[Rejection]
    def __init__(self, revision: _Optional[int] = ..., content_hash: _Optional[bytes] = ..., rejected: _Optional[_Iterable[_Union[Rejection, _Mapping]]] = ...) -> None: ...

class Rejection(_message.Message):
    __slots__ = ("path", "reason")
    PATH_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    path: str
    reason: str
    def __init__(self, path: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...
