"""The files that set up a cluster are what Ray, Kubernetes and Docker take, and say what this repository has."""

import configparser
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import ray.autoscaler
import yaml
from click.testing import CliRunner
from ray.autoscaler._private.util import prepare_config, validate_config
from vidsharp.jobs import exit_code
from vidsharp.jobs.cli.main import main

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def loaded(name: str) -> Any:
    return yaml.safe_load((DEPLOY / name).read_text())


# What RayJob's resource definition (KubeRay, ray.io/v1) asks of the fields that are used here; Kubernetes drops fields
# that it does not know, so that none may be misspelt.
def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


_TEXT, _WHOLE = {"type": "string"}, {"type": "integer", "minimum": 0}
_QUANTITIES = {"type": "object", "additionalProperties": {"type": "string", "pattern": r"^\d+(m|Mi|Gi)?$"}}
_CONTAINER = _object(
    ["name", "image"],
    name=_TEXT,
    image=_TEXT,
    command={"type": "array", "items": _TEXT},
    ports={"type": "array", "items": _object(["containerPort"], containerPort=_WHOLE, name=_TEXT)},
    resources=_object([], limits=_QUANTITIES, requests=_QUANTITIES),
    volumeMounts={"type": "array", "items": _object(["name", "mountPath"], name=_TEXT, mountPath=_TEXT)},
)
_CLAIM = _object(["claimName"], claimName=_TEXT)
_TEMPLATE = _object(
    ["spec"],
    spec=_object(
        ["containers"],
        containers={"type": "array", "minItems": 1, "items": _CONTAINER},
        volumes={"type": "array", "items": _object(["name"], name=_TEXT, persistentVolumeClaim=_CLAIM)},
    ),
)
_START = {"type": "object", "additionalProperties": _TEXT}  # KubeRay refuses numbers that are not in quotes
_WORKERS = _object(
    ["groupName", "template"],
    groupName=_TEXT,
    replicas=_WHOLE,
    minReplicas=_WHOLE,
    maxReplicas=_WHOLE,
    rayStartParams=_START,
    template=_TEMPLATE,
)
RAY_JOB = _object(
    ["apiVersion", "kind", "metadata", "spec"],
    apiVersion={"const": "ray.io/v1"},
    kind={"const": "RayJob"},
    metadata=_object(["name"], name={"type": "string", "pattern": "^[a-z]([a-z0-9-]{0,45}[a-z0-9])?$"}),
    spec=_object(
        ["entrypoint", "rayClusterSpec"],
        entrypoint=_TEXT,
        shutdownAfterJobFinishes={"type": "boolean"},
        ttlSecondsAfterFinished=_WHOLE,
        backoffLimit=_WHOLE,
        rayClusterSpec=_object(
            ["headGroupSpec"],
            rayVersion=_TEXT,
            headGroupSpec=_object(["template"], rayStartParams=_START, template=_TEMPLATE),
            workerGroupSpecs={"type": "array", "items": _WORKERS},
        ),
    ),
)


def test_the_ray_job_is_one() -> None:
    jsonschema.validate(loaded("rayjob.yaml"), RAY_JOB)


def test_every_pod_of_the_ray_job_has_the_volume_at_one_path_and_the_same_image() -> None:
    cluster = loaded("rayjob.yaml")["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    pods = [group["template"]["spec"] for group in groups]
    assert len({pod["containers"][0]["image"] for pod in pods}) == 1
    for pod in pods:
        volumes = {volume["name"] for volume in pod["volumes"]}
        assert [(mount["name"] in volumes, mount["mountPath"]) for mount in pod["containers"][0]["volumeMounts"]] == [
            (True, "/data")
        ]


JOB = _object(
    ["apiVersion", "kind", "metadata", "spec"],
    apiVersion={"const": "batch/v1"},
    kind={"const": "Job"},
    metadata=_object(["name"], name=_TEXT),
    spec=_object(
        ["template"],
        backoffLimit=_WHOLE,
        backoffLimitPerIndex=_WHOLE,
        completionMode={"enum": ["NonIndexed", "Indexed"]},
        completions=_WHOLE,
        parallelism=_WHOLE,
        podFailurePolicy=_object(
            ["rules"],
            rules={
                "type": "array",
                "items": _object(
                    ["action"],
                    action={"enum": ["FailJob", "Ignore", "Count", "FailIndex"]},
                    onExitCodes=_object(
                        ["operator", "values"],
                        containerName=_TEXT,
                        operator={"enum": ["In", "NotIn"]},
                        values={"type": "array", "items": {"type": "integer", "minimum": 1}},
                    ),
                    onPodConditions={
                        "type": "array",
                        "items": _object(["type", "status"], type=_TEXT, status={"enum": ["True", "False"]}),
                    },
                ),
            },
        ),
        template=_object(
            ["spec"],
            spec=_object(
                ["containers", "restartPolicy"],
                restartPolicy={"const": "Never"},  # a failure policy asks for it
                containers={"type": "array", "minItems": 1, "items": _CONTAINER},
                volumes={"type": "array", "items": _object(["name"], name=_TEXT, persistentVolumeClaim=_CLAIM)},
            ),
        ),
    ),
)


def test_the_job_is_one_and_is_not_tried_again_where_that_will_not_help() -> None:
    job = loaded("job.yaml")
    jsonschema.validate(job, JOB)
    (container,) = job["spec"]["template"]["spec"]["containers"]
    for_good, disrupted = job["spec"]["podFailurePolicy"]["rules"]
    assert for_good == {
        "action": "FailJob",
        "onExitCodes": {
            "containerName": container["name"],
            "operator": "In",
            "values": [exit_code.SOME_FAILED, exit_code.WRONG_USAGE],
        },
    }
    assert disrupted["action"] == "Ignore"


def test_the_job_of_shards_has_a_pod_for_each() -> None:
    job = loaded("shards.yaml")
    jsonschema.validate(job, JOB)
    spec = job["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    (shard,) = [word for word in container["command"] if word.startswith("--shard=")]
    assert shard == f"--shard=$(JOB_COMPLETION_INDEX)/{spec['completions']}"
    assert spec["completionMode"] == "Indexed"
    assert "backoffLimit" not in spec, "each index has its own tries, as FailIndex asks"
    for_good, disrupted = spec["podFailurePolicy"]["rules"]
    assert for_good["action"] == "FailIndex", "the other shards go on"
    assert for_good["onExitCodes"]["containerName"] == container["name"]
    assert for_good["onExitCodes"]["values"] == [exit_code.SOME_FAILED, exit_code.WRONG_USAGE]
    assert disrupted["action"] == "Ignore"


def _array_task(number: int, folder: Path) -> list[str]:
    """The command that one task of the Slurm array runs."""
    srun = folder / "srun"
    srun.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    srun.chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "SLURM_ARRAY_TASK_ID": str(number)}
    ran = subprocess.run(
        ["bash", DEPLOY / "shards.sbatch"], env=environment, capture_output=True, text=True, check=True
    )
    return ran.stdout.splitlines()


@pytest.mark.skipif(shutil.which("bash") is None, reason="the script is Bash's")
def test_the_array_has_a_task_for_each_shard(tmp_path: Path) -> None:
    text = (DEPLOY / "shards.sbatch").read_text()
    assert text.startswith("#!/bin/bash\n")
    (last,) = re.findall(r"^#SBATCH --array=0-(\d+)$", text, re.MULTILINE)
    program, *arguments = _array_task(int(last), tmp_path)
    assert (program, arguments[0]) == ("vidsharp", "process")
    assert arguments[arguments.index("--shard") + 1] == f"{last}/{int(last) + 1}"
    said = CliRunner().invoke(main, arguments)
    assert said.exit_code == 2
    assert "/data/recordings does not exist" in said.stderr, "all that it lacks here is the disk"


@pytest.mark.parametrize(("code", "shells"), [(0, 0), (1, 0), (2, 1), (3, 1), (137, 1), (143, 1)])
def test_clips_that_failed_build_no_cluster_again(code: int, shells: int) -> None:
    """KubeRay tries a job again whose entrypoint, a shell's line, ends with another code than 0."""
    _, guard = loaded("rayjob.yaml")["spec"]["entrypoint"].split("||")
    ended = subprocess.run(["sh", "-c", f"(exit {code}) || {guard}"])
    assert ended.returncode == shells


COMPOSE = _object(
    ["services"],
    services={
        "type": "object",
        "additionalProperties": _object(
            ["image"],
            build=_object(["context"], context=_TEXT, dockerfile=_TEXT),
            image=_TEXT,
            command={"type": "array", "items": _TEXT},
            init={"type": "boolean"},
            restart={"enum": ["no", "always", "on-failure", "unless-stopped"]},
            stop_grace_period={"type": "string", "pattern": r"^\d+[sm]$"},
            cap_drop={"type": "array", "items": _TEXT},
            security_opt={"type": "array", "items": _TEXT},
            volumes={"type": "array", "items": {"type": "string", "pattern": "^[^:]+:/[^:]+(:ro)?$"}},
        ),
    },
)
"""What the Compose specification asks of the fields that are used here."""


def watch_service() -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((DEPLOY / "vidsharp-watch.service").read_text())
    return unit


def test_the_compose_file_is_one_and_builds_what_is_there() -> None:
    jsonschema.validate(loaded("compose.yaml"), COMPOSE)
    (service,) = loaded("compose.yaml")["services"].values()
    assert (ROOT / service["build"]["dockerfile"]).is_file()
    assert "./recordings:/recordings:ro" in service["volumes"], "recordings are never written"


def test_the_unit_starts_again_where_that_may_help() -> None:
    unit = watch_service()
    assert unit.sections() == ["Unit", "Service", "Install"]
    service = unit["Service"]
    assert service["RestartPreventExitStatus"] == str(exit_code.WRONG_USAGE)
    assert service["SuccessExitStatus"] == str(exit_code.TERMINATED)
    if checker := shutil.which("systemd-analyze"):
        text = (DEPLOY / "vidsharp-watch.service").read_text()
        said = subprocess.run(
            [checker, "verify", str(DEPLOY / "vidsharp-watch.service")], capture_output=True, text=True
        )
        assert "Unknown" not in said.stderr, text


def _watches() -> list[list[str]]:
    (service,) = loaded("compose.yaml")["services"].values()
    return [service["command"], shlex.split(watch_service()["Service"]["ExecStart"])]


@pytest.mark.parametrize("command", _watches())
def test_services_run_a_command_that_vidsharp_takes(command: list[str]) -> None:
    program, *arguments = command
    assert Path(program).name == "vidsharp"
    said = CliRunner().invoke(main, arguments)
    assert said.exit_code == 2
    assert "is no folder; watch takes folders" in said.stderr, "all that it lacks here is the folder"


def _commands() -> list[list[str]]:
    jobs = [
        loaded(name)["spec"]["template"]["spec"]["containers"][0]["command"] for name in ("job.yaml", "shards.yaml")
    ]
    first = [[word.replace("$(JOB_COMPLETION_INDEX)", "0") for word in command] for command in jobs]
    return [shlex.split(loaded("rayjob.yaml")["spec"]["entrypoint"].partition("||")[0]), *first]


@pytest.mark.parametrize("command", _commands())
def test_the_entrypoint_is_a_command_that_vidsharp_takes(command: list[str]) -> None:
    program, *arguments = command
    assert program == "vidsharp"
    said = CliRunner().invoke(main, arguments)
    assert said.exit_code == 2
    assert "/data/recordings does not exist" in said.stderr, "all that it lacks here is the volume"


def test_the_ray_cluster_is_as_ray_asks() -> None:
    config = loaded("cluster.yaml")
    schema = json.loads((Path(ray.autoscaler.__file__).parent / "ray-schema.json").read_text())
    jsonschema.validate(config, schema)
    validate_config(prepare_config(config))


def instructions() -> Iterator[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text())
    for line in text.splitlines():
        if line and not line.startswith("#"):
            word, _, rest = line.partition(" ")
            yield word, rest


def test_the_dockerfile_is_one_and_copies_what_is_there() -> None:
    listed = list(instructions())
    assert {word for word, _ in listed} <= {"FROM", "ARG", "RUN", "WORKDIR", "COPY", "ENV", "USER", "CMD"}
    assert listed[0][0] == "FROM"
    stages = [rest.rpartition(" AS ")[2] for word, rest in listed if word == "FROM" and " AS " in rest]
    copied = set()
    for word, rest in listed:
        if word == "COPY" and rest.startswith("--from="):
            assert rest.split()[0].removeprefix("--from=") in stages
        elif word == "COPY":
            *sources, _ = rest.split()
            copied |= set(sources)
    missing = [name for name in copied if not (ROOT / name).exists()]
    assert not missing
    assert {
        "package",
        "setup.py",
        "pipeline",
        "models",
        "training",
        "jobs",
        "reports",
        "pyproject.toml",
        "README.md",
        "LICENSE",
    } <= copied
    ((_, command),) = [each for each in listed if each[0] == "CMD"]
    assert json.loads(command)[0] == "vidsharp"
    assert [rest for word, rest in listed if word == "USER"] == ["vidsharp"], "nothing runs as root"


def test_the_image_can_be_had_for_both_kinds_of_linux_machines() -> None:
    bake = (DEPLOY / "docker-bake.hcl").read_text()
    lists = dict(re.findall(r"^  (\w+) += [\[{](.*)[\]}]$", bake, re.MULTILINE))
    assert set(re.findall(r'"(.*?)"', lists["platforms"])) == {"linux/amd64", "linux/arm64"}
    asked = {rest.partition("=")[0] for word, rest in instructions() if word == "ARG"}
    assert set(re.findall(r"(\w+) =", lists["args"])) == asked
    (dockerfile,) = re.findall(r'dockerfile = "(.*)"', bake)
    assert (ROOT / dockerfile).samefile(DEPLOY / "Dockerfile")


@pytest.mark.parametrize("extra", ["cluster", "s3"])
def test_the_image_has_the_extras_that_the_project_has(extra: str) -> None:
    (installed,) = [rest for word, rest in instructions() if word == "RUN" and ".[" in rest]
    assert extra in re.findall(r"\.\[(.*?)\]", installed)[0].split(",")
    assert f"\n{extra} = [" in (ROOT / "pyproject.toml").read_text()
