"""An image composed from a Dockerfile's facts: stages, copies, configuration, refusals, and the same bytes again."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from plugins.module_utils._dockerfile import read
from plugins.module_utils._failure import Failure
from plugins.module_utils._image_context import Context
from plugins.module_utils._image_inputs import digest_of_inputs, sources
from plugins.module_utils._image_recipe import Composed, Composer
from plugins.module_utils._image_tree import Entry, pack

PACKAGE = {"left/pad.py": Entry(0o644, content=b"pad = 1\n")}


def write(directory: Path, files: dict[str, str]) -> None:
    """Files by path below `directory`."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def compose(directory: Path, dockerfile: str, **arguments: str) -> Composed:
    """The last stage of `dockerfile`; packages are one file."""
    write(directory, {"Dockerfile": dockerfile})
    parsed = read(directory / "Dockerfile", "Dockerfile", arguments)
    composer = Composer(parsed, Context(directory, directory / "Dockerfile"), arguments, "3.11")
    bases = {"base:1": {"Env": ["PATH=/usr/bin", "LANG=C"], "Cmd": ["sh"], "User": "app"}}
    return composer.compose(
        bases, lambda command, _: {f"{command.place.strip('/')}/{k}": v for k, v in PACKAGE.items()}
    )


def contents(composed: Composed) -> dict[str, str]:
    """Path → content of every file."""
    return {
        name: (
            entry.content if entry.content is not None else entry.source.read_bytes() if entry.source else b""
        ).decode()
        for name, entry in composed.layers.merged().items()
        if not entry.is_directory
    }


def test_two_stages(tmp_path: Path) -> None:
    write(tmp_path, {"app/main.py": "main", "app/sub/more.py": "more", "requirements.txt": "left==1 --hash=sha256:00"})
    composed = compose(
        tmp_path,
        "ARG BASE=base:1\n"
        "FROM ${BASE} AS packages\n"
        "COPY requirements.txt /tmp/\n"
        "RUN pip install --no-cache-dir --require-hashes \\\n"
        "    --target /packages -r /tmp/requirements.txt\n"
        "FROM ${BASE}\n"
        "ENV PYTHONPATH=/app:/packages \\\n    NAME='two words'\n"
        "WORKDIR /app\n"
        "COPY --from=packages /packages /packages\n"
        "COPY --chown=10001:10001 app .\n"
        "EXPOSE 8080 9090/udp\n"
        "LABEL team=crm\n"
        "USER 10001:10001\n"
        "STOPSIGNAL SIGINT\n"
        "HEALTHCHECK CMD true\n"
        'ENTRYPOINT ["python", "-m", "main"]\n',
    )
    assert contents(composed) == {"packages/left/pad.py": "pad = 1\n", "app/main.py": "main", "app/sub/more.py": "more"}
    assert composed.layers.merged()["app/main.py"].user == 10001
    assert composed.config == {
        "Env": ["PATH=/usr/bin", "LANG=C", "PYTHONPATH=/app:/packages", "NAME=two words"],
        "User": "10001:10001",
        "WorkingDir": "/app",
        "ExposedPorts": {"8080/tcp": {}, "9090/udp": {}},
        "Labels": {"team": "crm"},
        "StopSignal": "SIGINT",
        "Entrypoint": ["python", "-m", "main"],
    }


def test_copies_mean_what_they_mean_to_docker(tmp_path: Path) -> None:
    write(tmp_path, {"a.txt": "a", "b.txt": "b", "dir/c.txt": "c"})
    composed = compose(
        tmp_path,
        "FROM scratch\nCOPY a.txt /one\nCOPY a.txt /into/\nCOPY *.txt /many/\n"
        "COPY dir /tree\nCOPY dir/ /tree2/\nWORKDIR /w\nCOPY a.txt rel\n",
    )
    assert set(contents(composed)) == {
        "one",
        "into/a.txt",
        "many/a.txt",
        "many/b.txt",
        "tree/c.txt",
        "tree2/c.txt",
        "w/rel",
    }


def test_variables(tmp_path: Path) -> None:
    composed = compose(
        tmp_path,
        "ARG VERSION=1\nFROM base:1\nARG VERSION\nARG OTHER=x-${VERSION}\nENV A=${VERSION} B=$OTHER C=${NONE:-fallback}"
        " D=\\$A PATH=/opt/bin:$PATH\nCMD run $A\n",
        VERSION="2",
    )
    assert composed.environment == {
        "PATH": "/opt/bin:/usr/bin",
        "LANG": "C",
        "A": "2",
        "B": "x-2",
        "C": "fallback",
        "D": "$A",
    }
    assert composed.config["Cmd"] == ["/bin/sh", "-c", "run $A"]


def test_what_dockerignore_leaves_out_is_not_there(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            ".dockerignore": "**\n!src/**/*.py\n**/test_*\n# words\n",
            "src/a.py": "a",
            "src/test_a.py": "t",
            "src/b.txt": "b",
        },
    )
    assert set(contents(compose(tmp_path, "FROM scratch\nCOPY src /src\n"))) == {"src/a.py"}
    with pytest.raises(Failure, match=r"Dockerfile:2: COPY: there is no src/b.txt"):
        compose(tmp_path, "FROM scratch\nCOPY src/b.txt /b\n")


def test_a_virtual_environment_has_an_interpreter(tmp_path: Path) -> None:
    write(tmp_path, {"requirements.txt": ""})
    composed = compose(
        tmp_path,
        "FROM base:1\nRUN python -m venv /opt/venv\nCOPY requirements.txt /r.txt\n"
        "RUN /opt/venv/bin/pip install --require-hashes -r /r.txt && mkdir -p /var/data\n",
    )
    tree = composed.layers.merged()
    assert tree["opt/venv/bin/python"].link == "/usr/local/bin/python3"
    assert tree["var/data"].is_directory
    assert "opt/venv/left/pad.py" in tree


@pytest.mark.parametrize(
    ("instruction", "word"),
    [
        ("RUN apt-get update", "apt-get update"),
        ("RUN pip install flask", "flask"),
        ("RUN pip install -r requirements.txt", "base image"),
        ("RUN pip install --target /p -r none.txt", "was not copied"),
        ("RUN make | tee log", r"operator \|"),
        ("RUN echo $(date)", "command in a command"),
        ("RUN --mount=type=bind,target=/src make", "not a cache"),
        ("COPY --from=other:1 /x /y", "another image"),
        ("COPY none /y", "there is no none"),
        ("COPY --chown=app x /y", "chown=app"),
        ("ADD https://example.org/x /y", "downloaded"),
        ("ADD x.tar.gz /y", "unpack"),
        ("ENV A='open", "closing quotation"),
        ("FETCH x", "no instruction"),
    ],
)
def test_what_cannot_be_composed_names_its_line(tmp_path: Path, instruction: str, word: str) -> None:
    write(tmp_path, {"x": "x", "requirements.txt": "", "x.tar.gz": "x"})
    with pytest.raises(Failure, match=rf"(?i)^Dockerfile:4: .*{word}"):
        compose(tmp_path, f"FROM base:1\nCOPY requirements.txt .\n\n{instruction}\n")


def test_a_stage_that_nothing_needs_may_do_anything(tmp_path: Path) -> None:
    assert contents(compose(tmp_path, "FROM base:1 AS lint\nRUN apt-get install everything\nFROM base:1\n")) == {}


def test_layers_are_the_same_bytes_again(tmp_path: Path) -> None:
    write(tmp_path, {"app/b.py": "b", "app/a.py": "a", "run.sh": "#!/bin/sh\n"})
    (tmp_path / "run.sh").chmod(0o775)
    dockerfile = "FROM scratch\nCOPY app /app\nCOPY run.sh /\n"
    first = [pack(by, tree, tmp_path).digest for by, tree in compose(tmp_path, dockerfile).layers.made]
    for path in tmp_path.rglob("*"):
        os.utime(path, (1, 1))
    (tmp_path / "run.sh").chmod(0o700)
    (tmp_path / "app" / "a.py").chmod(0o600)
    layers = [pack(by, tree, tmp_path) for by, tree in compose(tmp_path, dockerfile).layers.made]
    assert [layer.digest for layer in layers] == first
    with tarfile.open(layers[0].path) as archive:
        found = [(member.name, member.mode, member.mtime, member.uid) for member in archive]
    assert found == [("app", 0o755, 0, 0), ("app/a.py", 0o644, 0, 0), ("app/b.py", 0o644, 0, 0)]
    with tarfile.open(layers[1].path) as archive:
        assert archive.getmember("run.sh").mode == 0o755


def inputs(directory: Path, **told: str) -> str:
    """The hash of what the Dockerfile in `directory` is made of."""
    dockerfile = read(directory / "Dockerfile", "Dockerfile", {})
    context = Context(directory, directory / "Dockerfile")
    return digest_of_inputs(dockerfile, context, sources(dockerfile, context, {}), [], told)


def test_only_what_is_copied_is_an_input(tmp_path: Path) -> None:
    write(tmp_path, {"mine/a.py": "a", "other/b.py": "b", "Dockerfile": "FROM base:1\nCOPY mine /mine\n"})
    first = inputs(tmp_path)
    write(tmp_path, {"other/b.py": "changed", "other/c.py": "new"})
    assert inputs(tmp_path) == first
    assert inputs(tmp_path, platform="linux/arm64") != first
    write(tmp_path, {"mine/a.py": "changed"})
    assert inputs(tmp_path) != first
    write(tmp_path, {"mine/a.py": "a"})
    (tmp_path / "mine" / "a.py").chmod(0o755)
    assert inputs(tmp_path) != first
