#!/usr/bin/python3
"""A kubelet's questions to a container runtime, one a call: cri.py VERB ARGUMENTS.

  runp NAME HANDLER [JSON]                 makes a pod; JSON is merged into its PodSandboxConfig; prints the id
  run POD NAME IMAGE JSON COMMAND...       makes and starts a container; JSON is merged into its ContainerConfig
  create ... | start ID                    the same in two steps
  exec ID SECONDS COMMAND...               ExecSync: streams and exit status are the command's
  stop ID SECONDS | rm ID | stopp POD | rmp POD
  get ID FIELD | getp POD FIELD            one field of the status
  stats ID | ps | pods | version | status
  update ID JSON                           JSON is LinuxContainerResources

The stubs are made from the CRI's api.proto by grpc_tools and found through PYTHONPATH; the socket is $CRI_SOCKET.
"""
import json
import os
import sys

import grpc
from google.protobuf import json_format

import cri_pb2 as cri
import cri_pb2_grpc

STATE = os.environ.get("CRI_STATE", ".")  # pod configurations, which every container has to repeat


def runtime():
    channel = grpc.insecure_channel("unix://" + os.environ.get("CRI_SOCKET", "/run/containerd/containerd.sock"))
    return cri_pb2_grpc.RuntimeServiceStub(channel)


def merged(message, text):
    json_format.ParseDict(json.loads(text or "{}"), message)
    return message


def pod_file(pod):
    return os.path.join(STATE, "pod-" + pod)


def runp(service, name, handler, text=""):
    config = cri.PodSandboxConfig(
        metadata=cri.PodSandboxMetadata(name=name, uid=name, namespace="checks"), hostname=name,
        log_directory=os.path.join(STATE, "logs-" + name), linux=cri.LinuxPodSandboxConfig(cgroup_parent="/pod-" + name))
    config.linux.security_context.namespace_options.pid = cri.CONTAINER
    merged(config, text)
    pod = service.RunPodSandbox(cri.RunPodSandboxRequest(config=config, runtime_handler=handler)).pod_sandbox_id
    with open(pod_file(pod), "wb") as file:
        file.write(config.SerializeToString())
    print(pod)


def create(service, pod, name, image, text, *command):
    with open(pod_file(pod), "rb") as file:
        sandbox = cri.PodSandboxConfig.FromString(file.read())
    config = cri.ContainerConfig(metadata=cri.ContainerMetadata(name=name), image=cri.ImageSpec(image=image),
                                 command=command, log_path=name + ".log")
    config.linux.security_context.namespace_options.CopyFrom(sandbox.linux.security_context.namespace_options)
    merged(config, text)
    request = cri.CreateContainerRequest(pod_sandbox_id=pod, config=config, sandbox_config=sandbox)
    return service.CreateContainer(request).container_id


def start(service, container):
    service.StartContainer(cri.StartContainerRequest(container_id=container))


def run(service, *arguments):
    container = create(service, *arguments)
    start(service, container)
    print(container)


def exec_sync(service, container, seconds, *command):
    answer = service.ExecSync(cri.ExecSyncRequest(container_id=container, cmd=command, timeout=int(seconds)))
    sys.stdout.buffer.write(answer.stdout)
    sys.stderr.buffer.write(answer.stderr)
    return answer.exit_code


def field(message, name):
    value = message
    for part in name.split("."):
        value = getattr(value, part)
    kind = value.DESCRIPTOR.name if hasattr(value, "DESCRIPTOR") else None
    print(json_format.MessageToJson(value) if kind else value)


def get(service, container, name):
    status = service.ContainerStatus(cri.ContainerStatusRequest(container_id=container)).status
    if name == "state":
        print(cri.ContainerState.Name(status.state))
    else:
        field(status, name)


def get_verbose(service, container):
    answer = service.ContainerStatus(cri.ContainerStatusRequest(container_id=container, verbose=True))
    print(answer.info["info"])


def getp(service, pod, name):
    status = service.PodSandboxStatus(cri.PodSandboxStatusRequest(pod_sandbox_id=pod)).status
    if name == "state":
        print(cri.PodSandboxState.Name(status.state))
    else:
        field(status, name)


def as_json(message):
    print(json_format.MessageToJson(message))


VERBS = {
    "runp": runp,
    "run": run,
    "create": lambda service, *arguments: print(create(service, *arguments)),
    "start": start,
    "exec": exec_sync,
    "stop": lambda s, i, seconds: s.StopContainer(cri.StopContainerRequest(container_id=i, timeout=int(seconds))) and None,
    "rm": lambda s, i: s.RemoveContainer(cri.RemoveContainerRequest(container_id=i)) and None,
    "stopp": lambda s, i: s.StopPodSandbox(cri.StopPodSandboxRequest(pod_sandbox_id=i)) and None,
    "rmp": lambda s, i: s.RemovePodSandbox(cri.RemovePodSandboxRequest(pod_sandbox_id=i)) and None,
    "get": get,
    "getv": get_verbose,
    "getp": getp,
    "stats": lambda s, i: as_json(s.ContainerStats(cri.ContainerStatsRequest(container_id=i))),
    "ps": lambda s: [print(c.id) for c in s.ListContainers(cri.ListContainersRequest()).containers] and None,
    "pods": lambda s: [print(p.id) for p in s.ListPodSandbox(cri.ListPodSandboxRequest()).items] and None,
    "version": lambda s: as_json(s.Version(cri.VersionRequest())),
    "status": lambda s: as_json(s.Status(cri.StatusRequest())),
    "update": lambda s, i, text: s.UpdateContainerResources(cri.UpdateContainerResourcesRequest(
        container_id=i, linux=merged(cri.LinuxContainerResources(), text))) and None,
}


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in VERBS:
        sys.exit(__doc__)
    try:
        return VERBS[sys.argv[1]](runtime(), *sys.argv[2:])
    except grpc.RpcError as error:
        print(f"cri: {error.code().name}: {error.details()}", file=sys.stderr)
        return 125


sys.exit(main())
