import { describe, expect, it } from 'vitest';
import action from '../../handlers/actions/isolate-instance.ts';
import { PROTECTED_TAG, protectionByTag } from '../../handlers/guard/tag.ts';
import { taggedInstance } from '../../handlers/instances/tagged-instance.ts';
import { Desk } from './desk.ts';

const target = { instance: 'i-0123456789abcdef0', region: 'eu-central-1', account: '111122223333' };
const incident = { id: 'incident-1', detection: 'flow-scan-inside' };

/** What the local AWS has no way to make: an interface that an AWS service manages. */
function contextWith(answers: Record<string, unknown>) {
  const calls: { operation: string; input: Record<string, unknown> }[] = [];
  const { context, account } = new Desk();
  const client = () => ({
    send: async (command: { input: Record<string, unknown>; constructor: { name: string } }) => {
      const operation = command.constructor.name.replace(/Command$/, '');
      calls.push({ operation, input: command.input });
      if (operation === 'FilterLogEvents')
        return { events: account.logs.map((message) => ({ message, eventId: message })) };
      return answers[operation] ?? {};
    },
  });
  return { context: { ...context, client: client as never }, calls, account };
}

const instance = (more: object = {}) => ({
  DescribeInstances: {
    Reservations: [{ Instances: [{ InstanceId: target.instance, State: { Name: 'running' }, ...more }] }],
  },
});
const ours = { NetworkInterfaceId: 'eni-0a', VpcId: 'vpc-0a', Groups: [{ GroupId: 'sg-web' }] };
const theirs = {
  NetworkInterfaceId: 'eni-0b',
  VpcId: 'vpc-0a',
  Groups: [{ GroupId: 'sg-lb' }],
  RequesterManaged: true,
};

describe('isolating an instance', () => {
  it('leaves an interface that an AWS service manages, and says so before and after', async () => {
    const { context, calls } = contextWith({
      ...instance(),
      DescribeNetworkInterfaces: { NetworkInterfaces: [ours, theirs] },
      DescribeSecurityGroups: {
        SecurityGroups: [
          { GroupId: 'sg-q', GroupName: 'cordon-quarantine', Tags: [{ Key: 'cordon:quarantine', Value: 'true' }] },
        ],
      },
    });

    const before = await action.capture(target, context, incident);
    await action.contain(target, before, context, incident);
    const { after } = await action.verify(target, context, incident);

    expect(before).toMatchObject({ interfaces: [{ id: 'eni-0a' }], managed: ['eni-0b'] });
    const changed = calls.filter(({ operation }) => operation === 'ModifyNetworkInterfaceAttribute');
    expect(changed.map(({ input }) => input)).toEqual([{ NetworkInterfaceId: 'eni-0a', Groups: ['sg-q'] }]);
    for (const state of [before, after])
      expect(action.words(state)).toContain('eni-0b LEFT OPEN: an AWS service manages it');
  });

  it('refuses one that has only such interfaces, one of another account, and a group that is not cordon’s', async () => {
    const managed = contextWith({ ...instance(), DescribeNetworkInterfaces: { NetworkInterfaces: [theirs] } });
    await expect(action.assess?.(target, managed.context)).rejects.toThrow(
      /only interfaces that an AWS service manages/,
    );

    const elsewhere = { ...target, account: '444455556666' };
    await expect(action.assess?.(elsewhere, managed.context)).rejects.toThrow(/is of account 444455556666/);

    const foreign = contextWith({
      ...instance(),
      DescribeNetworkInterfaces: { NetworkInterfaces: [ours] },
      DescribeSecurityGroups: { SecurityGroups: [{ GroupId: 'sg-x', GroupName: 'cordon-quarantine', Tags: [] }] },
    });
    const contained = action.contain(target, { interfaces: [], managed: [] }, foreign.context, incident);
    await expect(contained).rejects.toThrow(/has no tag cordon:quarantine=true/);
  });
});

describe('the tag of an instance', () => {
  const tags = [{ Key: PROTECTED_TAG, Value: 'true' }];
  const put = (by: string) =>
    JSON.stringify({
      ...{
        eventID: 'put-1',
        eventTime: '2026-05-01T02:00:00Z',
        eventSource: 'ec2.amazonaws.com',
        eventName: 'CreateTags',
      },
      userIdentity: {
        type: 'IAMUser',
        userName: by,
        accountId: target.account,
        arn: `arn:aws:iam::${target.account}:user/${by}`,
      },
      requestParameters: {
        resourcesSet: { items: [{ resourceId: target.instance }] },
        tagSet: { items: [{ key: PROTECTED_TAG, value: 'true' }] },
      },
    });
  const protection = (logs: string[]) => {
    const { context, account } = contextWith(instance({ Tags: tags }));
    account.logs = logs;
    const isTrusted = (record: { userIdentity?: { userName?: string | undefined } | null | undefined }) =>
      record.userIdentity?.userName === 'deployer';
    return protectionByTag(taggedInstance(target, context), isTrusted, context);
  };

  it('protects it, unless somebody unprotected put it within the last day', async () => {
    expect(await protection([])).toEqual({ protected: true });
    expect(await protection([put('deployer')])).toEqual({ protected: true });
    expect(await protection([put('mallory')])).toEqual({
      protected: false,
      doubt: expect.stringContaining('IAM user mallory put it at 2026-05-01T02:00:00Z'),
    });
  });
});
