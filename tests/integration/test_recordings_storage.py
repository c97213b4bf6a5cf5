"""The storage of recordings, on a real folder and on a real S3: whole or not at all, and nothing left behind."""

from __future__ import annotations

import asyncio
import re
import resource
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from dialer.errors import NotFound, StorageUnavailable
from dialer.recordings.storage import PIECE_BYTES, Storage
from tests.fakes.s3 import BUCKET, open_s3

NAME = "c1/raaaaaaaaaaaaaaaa"
CHUNK = bytes(range(256)) * 256
SOUND = CHUNK * 200
"""12.5 MiB: more than one part of an upload, and more than one piece of a read."""
_MORE_THAN_LOOPS_HAVE = 40  # of threads: the event loop has 32 at the most


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3."""
    with open_s3() as url:
        yield url


class Place:
    """A storage, and another way to look into it."""

    def __init__(self, url: str, s3: str | None = None) -> None:
        self.storage = Storage(url)
        self._url = url
        self._s3 = s3

    def names(self) -> list[str]:
        """Everything that lies there, what is half written too."""
        if self._s3 is None:
            root = Path(self._url.removeprefix("file://"))
            return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
        return [*self._listed("list-type=2&prefix=sub/"), *self._listed("uploads")]

    def _listed(self, query: str) -> list[str]:
        with urlopen(f"{self._s3}/{BUCKET}?{query}") as answer:  # noqa: S310 - our own server
            return [key.removeprefix("sub/") for key in re.findall("<Key>(.*?)</Key>", answer.read().decode())]


@pytest.fixture(params=["folder", "bucket"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Each kind of storage."""
    if request.param == "folder":
        return Place((tmp_path / "recordings").as_uri())
    opened = Place(f"s3://{BUCKET}/sub", request.getfixturevalue("s3"))
    for name in opened.names():
        await opened.storage.delete(name)
    return opened


async def put(storage: Storage, content: bytes = SOUND, *, then: Exception | None = None) -> None:
    """Write a file as a fetch does, or break off before its completion."""
    async with storage.upload(NAME) as upload:
        await upload.begin()
        for start in range(0, len(content), len(CHUNK)):
            await upload.write(content[start : start + len(CHUNK)])
        if then:
            raise then
        await upload.complete(len(content))


async def read(storage: Storage, part: range) -> bytes:
    """These bytes of the file."""
    return b"".join([piece async for piece in storage.read(NAME, part)])


async def test_file_is_there_when_it_is_complete(place: Place) -> None:
    """It appears at its completion and not before, and is what was written."""
    async with place.storage.upload(NAME) as upload:
        await upload.begin()
        for _ in range(200):
            await upload.write(CHUNK)
        with pytest.raises(NotFound):
            await read(place.storage, range(1))
        await upload.complete(len(SOUND))

    assert [NAME] == place.names()
    assert SOUND == await read(place.storage, range(len(SOUND)))


@pytest.mark.parametrize(
    "part", [range(1), range(10, 20), range(PIECE_BYTES - 1, PIECE_BYTES + 1), range(len(SOUND) - 5, len(SOUND))]
)
async def test_part_is_read(place: Place, part: range) -> None:
    """Any bytes of a file can be read, piece by piece."""
    await put(place.storage)

    assert SOUND[part.start : part.stop] == await read(place.storage, part)


async def test_broken_upload_leaves_nothing(place: Place) -> None:
    """Whoever stops in the middle, for whatever reason, leaves neither a file nor half of one."""
    with pytest.raises(ZeroDivisionError):
        await put(place.storage, then=ZeroDivisionError())

    assert [] == place.names()


async def test_upload_begun_anew_forgets_what_it_had(place: Place) -> None:
    """A second try within one fetch starts with nothing."""
    async with place.storage.upload(NAME) as upload:
        await upload.begin()
        for _ in range(200):
            await upload.write(CHUNK)
        await upload.begin()
        await upload.write(b"all of it")
        await upload.complete(9)

    assert [NAME] == place.names()
    assert b"all of it" == await read(place.storage, range(9))


async def test_second_upload_takes_the_place_of_the_first(place: Place) -> None:
    """A fetch that is repeated after a crash overwrites, and is no second file."""
    await put(place.storage, b"first")
    await put(place.storage, b"second")

    assert [NAME] == place.names()
    assert b"second" == await read(place.storage, range(6))


async def test_wrong_size_is_an_error(place: Place) -> None:
    """A file that is not as large as what was read is not taken for whole."""
    async with place.storage.upload(NAME) as upload:
        await upload.begin()
        await upload.write(b"12345")
        with pytest.raises(StorageUnavailable, match="kept 5 of 6 bytes"):
            await upload.complete(6)


async def test_deleting_is_repeatable(place: Place) -> None:
    """A file is deleted, one that is not there is as well, and no empty folder stays."""
    await put(place.storage, b"12345")
    for _ in range(3):
        await place.storage.delete(NAME)

    assert [] == place.names()
    with pytest.raises(NotFound):
        await read(place.storage, range(5))


async def test_shorter_file_is_not_passed_off_as_whole(place: Place) -> None:
    """A file that lost its end, on a broken disk or by hand, is told to be broken."""
    await put(place.storage, b"12345")

    with pytest.raises(StorageUnavailable, match="shorter than it was"):
        await read(place.storage, range(2, 9))


async def test_folder_is_private(tmp_path: Path) -> None:
    """Nobody else on the machine may listen."""
    root = tmp_path / "some" / "where it is"
    await put(Storage(root.as_uri()), b"12345")

    assert 0o700 == stat.S_IMODE(root.stat().st_mode)
    assert b"12345" == (root / NAME).read_bytes()


async def test_what_a_killed_process_left_is_swept_up(tmp_path: Path) -> None:
    """The next upload of the same file, and its deletion, take the broken one away, and nothing else."""
    storage, folder = Storage(tmp_path.as_uri()), (tmp_path / NAME).parent
    folder.mkdir()
    for name in ("raaaaaaaaaaaaaaaa#1", "raaaaaaaaaaaaaaaa#2", "rbbbbbbbbbbbbbbbb#1"):
        (folder / name).write_bytes(b"half")
    await put(storage, b"12345")
    assert ["raaaaaaaaaaaaaaaa", "rbbbbbbbbbbbbbbbb#1"] == sorted(path.name for path in folder.iterdir())

    (folder / "raaaaaaaaaaaaaaaa#1").write_bytes(b"half")
    await storage.delete(NAME)
    assert ["rbbbbbbbbbbbbbbbb#1"] == [path.name for path in folder.iterdir()]


@pytest.fixture
def full_disk() -> Iterator[None]:
    """No file of this process may grow beyond 8 MiB: for whoever writes that is a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8 << 20, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    signal.signal(signal.SIGXFSZ, before)


@pytest.mark.usefixtures("full_disk")
async def test_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    """What the disk does not take is an error that names the place, and the half is gone."""
    place = Place(tmp_path.as_uri())
    with pytest.raises(StorageUnavailable, match=f"{tmp_path.as_uri()} fails: .*File too large"):
        await put(place.storage)

    assert [] == place.names()


async def test_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    """A place that cannot be a folder is named."""
    (tmp_path / "file").touch()
    with pytest.raises(StorageUnavailable, match="file fails"):
        await put(Storage((tmp_path / "file").as_uri()))


async def test_missing_bucket_is_told(s3: str) -> None:
    """Neither writing nor deleting takes a bucket that is not there for one that is empty."""
    assert s3
    storage = Storage("s3://another-one/sub")
    with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
        await put(storage, b"12345")
    with pytest.raises(StorageUnavailable, match="NoSuchBucket"):
        await storage.delete(NAME)


async def test_two_uploads_of_one_file_leave_one_whole_file(place: Place) -> None:
    """Of two workers that write one recording, one of them presumed dead, one succeeds, and leaves it whole."""
    ends = await asyncio.gather(put(place.storage), put(place.storage), return_exceptions=True)

    assert None in ends
    assert [NAME] == place.names()
    assert SOUND == await read(place.storage, range(len(SOUND)))


async def test_a_folder_that_stands_still_leaves_the_event_loops_threads_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many files wait for it: the carrier's name is looked up in those threads."""
    storage, goes_on = Storage(tmp_path.as_uri()), threading.Event()
    monkeypatch.setattr("dialer.recordings.folder.delete", lambda _: goes_on.wait(timeout=30))
    deleting = [asyncio.create_task(storage.delete(f"c1/{number}")) for number in range(_MORE_THAN_LOOPS_HAVE)]
    await asyncio.sleep(0)
    try:
        await asyncio.wait_for(asyncio.to_thread(int), timeout=5)
    finally:
        goes_on.set()
        await asyncio.gather(*deleting)
