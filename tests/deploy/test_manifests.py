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


SCHEMAS = Path(__file__).parent / "schemas"
KUBERNETES = json.loads((SCHEMAS / "kubernetes-job.json").read_text())
"""A Job; see `schemas/README.md`. It takes no field that Kubernetes does not know and would drop in silence."""
COMPOSE = json.loads((SCHEMAS / "compose.json").read_text())


def _object(required: list[str], **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": required, "additionalProperties": False, "properties": properties}


def _kubernetes(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/io.k8s.api.core.v1.{name}"}


_TEXT, _FLAG, _ANY = {"type": "string"}, {"type": "boolean"}, {"type": "object"}
_WHOLE = {"type": "integer", "minimum": 0, "maximum": 2**31 - 1}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}  # numbers that are not in quotes are refused
_POD = _kubernetes("PodTemplateSpec")
_RESOURCES = _kubernetes("ResourceRequirements")
# All fields that a RayJob (ray.io/v1, KubeRay 1.4) has.
_WORKERS = _object(
    ["groupName", "minReplicas", "maxReplicas", "template"],
    groupName=_TEXT,
    replicas=_WHOLE,
    minReplicas=_WHOLE,
    maxReplicas=_WHOLE,
    idleTimeoutSeconds=_WHOLE,
    numOfHosts=_WHOLE,
    suspend=_FLAG,
    rayStartParams=_TEXTS,
    template=_POD,
    scaleStrategy=_object([], workersToDelete={"type": "array", "items": _TEXT}),
)
_AUTOSCALER = _object(
    [],
    resources=_RESOURCES,
    image=_TEXT,
    imagePullPolicy={"enum": ["Always", "IfNotPresent", "Never"]},
    env={"type": "array", "items": _kubernetes("EnvVar")},
    envFrom={"type": "array", "items": _kubernetes("EnvFromSource")},
    volumeMounts={"type": "array", "items": _kubernetes("VolumeMount")},
    securityContext=_kubernetes("SecurityContext"),
    idleTimeoutSeconds=_WHOLE,
    upscalingMode={"enum": ["Default", "Aggressive", "Conservative"]},
    version={"enum": ["v1", "v2"]},
)
_CLUSTER = _object(
    ["headGroupSpec"],
    rayVersion=_TEXT,
    enableInTreeAutoscaling=_FLAG,
    autoscalerOptions=_AUTOSCALER,
    suspend=_FLAG,
    managedBy=_TEXT,
    headServiceAnnotations=_TEXTS,
    gcsFaultToleranceOptions=_ANY,
    headGroupSpec=_object(
        ["template"],
        serviceType=_TEXT,
        headService=_ANY,
        enableIngress=_FLAG,
        rayStartParams=_TEXTS,
        template=_POD,
    ),
    workerGroupSpecs={"type": "array", "items": _WORKERS},
)
RAY_JOB = _object(
    ["apiVersion", "kind", "metadata", "spec"],
    apiVersion={"const": "ray.io/v1"},
    kind={"const": "RayJob"},
    # Pods are called by it and a suffix, within the 63 characters of a host's name.
    metadata=_object(["name"], name={"type": "string", "pattern": "^[a-z]([a-z0-9-]{0,45}[a-z0-9])?$"}),
    spec=_object(
        ["entrypoint", "rayClusterSpec"],
        entrypoint=_TEXT,
        rayClusterSpec=_CLUSTER,
        activeDeadlineSeconds=_WHOLE,
        backoffLimit=_WHOLE,
        clusterSelector=_TEXTS,
        deletionStrategy=_ANY,
        entrypointNumCpus={"type": "number"},
        entrypointNumGpus={"type": "number"},
        entrypointResources=_TEXT,
        jobId=_TEXT,
        managedBy=_TEXT,
        metadata=_TEXTS,
        runtimeEnvYAML=_TEXT,
        shutdownAfterJobFinishes=_FLAG,
        submissionMode={"enum": ["K8sJobMode", "HTTPMode", "InteractiveMode", "SidecarMode"]},
        submitterConfig=_object([], backoffLimit=_WHOLE),
        submitterPodTemplate=_POD,
        suspend=_FLAG,
        ttlSecondsAfterFinished=_WHOLE,
    ),
) | {"$defs": KUBERNETES["$defs"]}


def check(manifest: Any, schema: dict[str, Any]) -> None:
    jsonschema.validate(manifest, schema, jsonschema.Draft202012Validator)


@pytest.mark.parametrize("schema", [KUBERNETES, COMPOSE, RAY_JOB])
def test_the_schemas_are_schemas(schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)


MISSPELT = [
    ("rayjob.yaml", RAY_JOB, ("spec", "backofLimit"), 2),
    ("rayjob.yaml", RAY_JOB, ("spec", "rayClusterSpec", "enableInTreeAutoscaling"), "yes"),
    ("rayjob.yaml", RAY_JOB, ("spec", "rayClusterSpec", "headGroupSpec", "rayStartParams", "num-cpus"), 0),
    ("rayjob.yaml", RAY_JOB, ("spec", "rayClusterSpec", "headGroupSpec", "template", "spec", "volume"), []),
    ("job.yaml", KUBERNETES, ("spec", "template", "spec", "restartPolicies"), "Never"),
    ("job.yaml", KUBERNETES, ("spec", "podFailurePolicy", "rules", 0, "onExitCodes", "values"), "1"),
    ("compose.yaml", COMPOSE, ("services", "watch", "restarts"), "no"),
]


@pytest.mark.parametrize(("name", "schema", "at", "value"), MISSPELT)
def test_what_is_misspelt_in_a_manifest_is_found(
    name: str, schema: dict[str, Any], at: tuple[Any, ...], value: Any
) -> None:
    manifest = loaded(name)
    inner = manifest
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        check(manifest, schema)


def test_the_ray_job_is_one() -> None:
    check(loaded("rayjob.yaml"), RAY_JOB)


def test_the_cluster_grows_with_the_work_and_goes_with_it() -> None:
    """Ray's autoscaler removes machines on which no actor is; the run asks for more where it has work for them."""
    cluster = loaded("rayjob.yaml")["spec"]["rayClusterSpec"]
    assert cluster["enableInTreeAutoscaling"] is True
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0", "the head does no work"
    for group in cluster["workerGroupSpecs"]:
        assert group["minReplicas"] == group.get("replicas", 0) == 0 < group["maxReplicas"]
        assert group["template"]["spec"]["restartPolicy"] == "Never", "the autoscaler starts pods, not the kubelet"


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


def test_the_job_is_one_and_is_not_tried_again_where_that_will_not_help() -> None:
    job = loaded("job.yaml")
    check(job, KUBERNETES)
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never", "a failure policy asks for it"
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
    check(job, KUBERNETES)
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


def watch_service() -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((DEPLOY / "vidsharp-watch.service").read_text())
    return unit


def test_the_compose_file_is_one_and_builds_what_is_there() -> None:
    check(loaded("compose.yaml"), COMPOSE)
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
