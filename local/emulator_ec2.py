"""Teaches the emulator what it lacks of EC2's network interfaces, snapshots and tags, in EC2's own words and shapes.

- An instance is launched with its primary interface, whose groups are the instance's, and loses it when it is terminated.
- DescribeNetworkInterfaces takes filters; ModifyNetworkInterfaceAttribute sets an interface's security groups.
- CreateSnapshots makes a snapshot of each volume of an instance.
- Policies are asked about the interface, instance or resource that such a call is on, and may look at its tags.
"""

import random

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2, tagging

# What each of these calls is on: the parameter that names it, and its kind in an ARN.
RESOURCES = {
    "ModifyNetworkInterfaceAttribute": ("NetworkInterfaceId", "network-interface"),
    "CreateSnapshots": ("InstanceSpecification.InstanceId", "instance"),
}
KINDS = {"i": "instance", "sg": "security-group", "snap": "snapshot", "eni": "network-interface", "vol": "volume"}


def launch(*args, **kwargs):
    created = launch_instances(*args, **kwargs)
    for instance in created:
        interface = "eni-" + "".join(random.choices("0123456789abcdef", k=17))
        ec2._network_interfaces[interface] = {
            **{"NetworkInterfaceId": interface, "Description": "", "Status": "in-use", "InterfaceType": "interface"},
            **{name: instance[name] for name in ("SubnetId", "VpcId", "PrivateIpAddress")},
            "AvailabilityZone": instance["Placement"]["AvailabilityZone"],
            "OwnerId": get_account_id(),
            "MacAddress": ":".join(f"{random.randint(0, 255):02x}" for _ in range(6)),
            "Groups": [dict(group) for group in instance["SecurityGroups"]],
            "Attachment": {
                **{"AttachmentId": interface.replace("eni-", "eni-attach-"), "InstanceId": instance["InstanceId"]},
                **{"DeviceIndex": 0, "Status": "attached", "AttachTime": instance["LaunchTime"]},
            },
        }
    return created


def attached_to(interface) -> str:
    return (interface.get("Attachment") or {}).get("InstanceId", "")


def terminate_instances(p):
    answer = terminate(p)
    gone = ec2._parse_member_list(p, "InstanceId")
    for name in [name for name, one in ec2._network_interfaces.items() if attached_to(one) in gone]:
        del ec2._network_interfaces[name]
    return answer


FILTERS = {
    "attachment.instance-id": lambda one: [attached_to(one)],
    "addresses.private-ip-address": lambda one: [one["PrivateIpAddress"]],
    "group-id": lambda one: [group["GroupId"] for group in one["Groups"]],
    "network-interface-id": lambda one: [one["NetworkInterfaceId"]],
    "vpc-id": lambda one: [one["VpcId"]],
}


def describe_network_interfaces(p):
    wanted = ec2._parse_member_list(p, "NetworkInterfaceId")
    filters = ec2._parse_filters(p)
    for name in wanted:
        if name not in ec2._network_interfaces:
            return no_interface(name)
    for name in filters:
        if name not in FILTERS:
            return ec2._error("InvalidParameterValue", f"The filter '{name}' is invalid", 400)
    found = [
        ec2._eni_fields_xml(one)
        for one in ec2._network_interfaces.values()
        if (not wanted or one["NetworkInterfaceId"] in wanted)
        and all(set(FILTERS[name](one)) & set(values) for name, values in filters.items())
    ]
    return ec2._xml(200, "DescribeNetworkInterfacesResponse", f"<networkInterfaceSet>{''.join(found)}</networkInterfaceSet>")


def no_interface(name):
    return ec2._error("InvalidNetworkInterfaceID.NotFound", f"The networkInterface ID '{name}' does not exist", 400)


def modify_network_interface_attribute(p):
    name = ec2._p(p, "NetworkInterfaceId")
    interface = ec2._network_interfaces.get(name)
    if not interface:
        return no_interface(name)
    wanted = ec2._parse_member_list(p, "SecurityGroupId")
    for group in wanted:
        if group not in ec2._security_groups:
            return ec2._error("InvalidGroup.NotFound", f"The security group '{group}' does not exist", 400)
        if ec2._security_groups[group]["VpcId"] != interface["VpcId"]:
            return ec2._error("InvalidGroup.NotFound", f"The security group '{group}' is in another VPC", 400)
    if wanted:
        groups = [{"GroupId": one, "GroupName": ec2._security_groups[one]["GroupName"]} for one in wanted]
        interface["Groups"] = groups
        instance = ec2._instances.get(attached_to(interface))
        if instance and interface["Attachment"]["DeviceIndex"] == 0:
            instance["SecurityGroups"] = [dict(group) for group in groups]
    return ec2._xml(200, "ModifyNetworkInterfaceAttributeResponse", "<return>true</return>")


def create_snapshots(p):
    name = ec2._p(p, "InstanceSpecification.InstanceId")
    instance = ec2._instances.get(name)
    if not instance:
        return ec2._error("InvalidInstanceID.NotFound", f"The instance ID '{name}' does not exist", 400)
    items = ""
    for mapping in instance["BlockDeviceMappings"]:
        known = set(ec2._snapshots.keys())
        ec2._ACTION_MAP["CreateSnapshot"]({**p, "VolumeId": [mapping["Ebs"]["VolumeId"]]})
        for made in set(ec2._snapshots.keys()) - known:
            items += f"<item>{ec2._snapshot_inner_xml(ec2._snapshots[made])}</item>"
    return ec2._xml(200, "CreateSnapshotsResponse", f"<snapshotSet>{items}</snapshotSet>")


def resource_arn(service, method, path, headers, body, params, region, account):
    field, kind = RESOURCES.get(ec2._p(params, "Action"), ("", "")) if service == "ec2" else ("", "")
    if field and ec2._p(params, field):
        return f"arn:aws:ec2:{region}:{account}:{kind}/{ec2._p(params, field)}"
    return extract_resource_arn(service, method, path, headers, body, params, region, account)


def tags_of_ec2():
    account, region = get_account_id(), get_region()
    for name, tags in ec2._tags.items():
        kind = KINDS.get(name.split("-")[0])
        if kind:
            yield f"arn:aws:ec2:{region}:{account}:{kind}/{name}", tags


launch_instances = ec2._launch_instances_internal
ec2._launch_instances_internal = launch
terminate = ec2._ACTION_MAP["TerminateInstances"]
ec2._ACTION_MAP.update(
    TerminateInstances=terminate_instances,
    DescribeNetworkInterfaces=describe_network_interfaces,
    ModifyNetworkInterfaceAttribute=modify_network_interface_attribute,
    CreateSnapshots=create_snapshots,
)
extract_resource_arn = iam_actions.extract_resource_arn
iam_actions.extract_resource_arn = resource_arn
tagging._RESOURCE_TAG_COLLECTORS["ec2"] = tags_of_ec2
