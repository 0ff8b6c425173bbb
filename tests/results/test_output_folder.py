"""A folder of results is replaced whole or left as it was, and never at the cost of other files."""

import json
from pathlib import Path

import pytest

from simulation.results import output_folder
from simulation.results.output_folder import (
    OutputError,
    atomic_folder,
    check_target,
    content_address,
    read_manifest,
    write_manifest,
)

HASH, OTHER = "a" * 64, "b" * 64


def finished(folder: Path, config_hash: str = HASH) -> Path:
    folder.mkdir(parents=True)
    (folder / "daily.parquet").write_bytes(b"numbers")
    write_manifest(folder, {"config_hash": config_hash})
    return folder


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write_half(folder: Path, error: type[BaseException]) -> None:
    with atomic_folder(folder) as draft:
        (draft / "daily.parquet").write_bytes(b"half")
        raise error


def test_manifest_lists_every_file_with_its_digest(tmp_path: Path) -> None:
    manifest = read_manifest(finished(tmp_path / "run"))
    assert list(manifest["files"]) == ["daily.parquet"]
    assert len(manifest["files"]["daily.parquet"]) == 64


def test_new_and_empty_folders_are_free(tmp_path: Path) -> None:
    check_target(tmp_path / "new", HASH)
    (tmp_path / "empty").mkdir()
    check_target(tmp_path / "empty", HASH)


def test_same_config_may_be_replaced(tmp_path: Path) -> None:
    check_target(finished(tmp_path / "run"), HASH)


def test_other_config_is_refused_and_both_hashes_named(tmp_path: Path) -> None:
    folder = finished(tmp_path / "run")
    with pytest.raises(OutputError, match=f"{HASH[:12]}.*{OTHER[:12]}.*--force"):
        check_target(folder, OTHER)
    check_target(folder, OTHER, force=True)


@pytest.mark.parametrize("force", [False, True])
def test_foreign_files_are_never_lost(tmp_path: Path, force: bool) -> None:
    folder = finished(tmp_path / "run")
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        check_target(folder, HASH, force)


def test_folder_without_manifest_is_refused_even_with_force(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(OutputError, match=r"thesis\.tex"):
        check_target(tmp_path, HASH, force=True)


def test_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file")
    with pytest.raises(OutputError, match="is a file"):
        check_target(tmp_path / "run", HASH, force=True)


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 99}'])
def test_unreadable_manifest_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(OutputError, match=r"manifest\.json"):
        read_manifest(tmp_path)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_interrupt_leaves_the_old_folder_and_no_draft(tmp_path: Path, error: type[BaseException]) -> None:
    folder = finished(tmp_path / "run")
    before = content(folder)
    with pytest.raises(error):
        write_half(folder, error)
    assert content(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_failed_swap_puts_the_old_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = finished(tmp_path / "run")
    before = content(folder)
    rename = Path.rename

    def refuse_draft(self: Path, target: Path) -> Path:
        if ".draft-" in self.name:
            raise PermissionError("no")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse_draft)
    with pytest.raises(PermissionError), atomic_folder(folder) as draft:
        (draft / "new").write_bytes(b"new")
    assert content(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_the_new_folder_replaces_the_old_one_whole(tmp_path: Path) -> None:
    folder = finished(tmp_path / "deep" / "run")
    with atomic_folder(folder) as draft:
        (draft / "flows.parquet").write_bytes(b"new")
    assert content(folder) == {"flows.parquet": b"new"}
    assert [path.name for path in folder.parent.iterdir()] == ["run"]


def test_a_link_keeps_pointing_to_the_new_results(tmp_path: Path) -> None:
    folder = finished(tmp_path / "run")
    link = tmp_path / "latest"
    link.symlink_to(folder)
    with atomic_folder(link) as draft:
        (draft / "new").write_bytes(b"new")
    assert link.is_symlink()
    assert content(folder) == {"new": b"new"}


def test_content_address_depends_on_config_and_runs_and_is_a_plain_name() -> None:
    assert content_address("dec", HASH, 100) == content_address("dec", HASH, 100)
    names = {content_address("dec", HASH, 100), content_address("dec", HASH, 101), content_address("dec", OTHER, 100)}
    assert len(names) == 3
    assert "/" not in content_address("../up and away", HASH, 1)
    assert not content_address("../up", HASH, 1).startswith(".")


def test_versions_name_what_bytes_depend_on() -> None:
    assert {"python", "numpy", "pyarrow", "mesa", "carryflow"} < set(output_folder.package_versions())


def test_manifest_refuses_a_number_that_is_not_finite(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_manifest(tmp_path, {"x": float("nan")})
    assert not (tmp_path / "manifest.json").exists()


def test_manifest_is_plain_json(tmp_path: Path) -> None:
    text = (finished(tmp_path / "run") / "manifest.json").read_text(encoding="utf-8")
    assert json.loads(text)["format"] == 1
