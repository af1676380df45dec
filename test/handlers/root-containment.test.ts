import { beforeEach, describe, expect, it, vi } from 'vitest';
import { actionKeyOf } from '../../handlers/actions/action.ts';
import { actions } from '../../handlers/actions/catalog.ts';
import * as deleteCredentials from '../../handlers/actions/delete-root-credentials.ts';
import * as denyRoot from '../../handlers/actions/deny-root-by-scp.ts';
import type { Context, SessionCredentials } from '../../handlers/context.ts';
import { TargetUnfit } from '../../handlers/errors.ts';
import { planContainments } from '../../handlers/plan.ts';
import { collect } from '../../handlers/steps/collect.ts';
import { call, root } from '../../playbooks/detections/samples.ts';
import { defaultOptions } from '../../playbooks/options.ts';
import { ACCOUNT, Desk } from './desk.ts';
import { refusal } from './fake-account.ts';

const current = vi.hoisted(() => ({ context: undefined as unknown }));
vi.mock(import('../../handlers/context.ts'), async (original) => ({
  ...(await original()),
  lambdaContext: () => current.context as never,
}));
// Reading back pauses between tries.
vi.mock('node:timers/promises', () => ({ setTimeout: async () => undefined }));

const MANAGEMENT = '999988887777';
const ROLE = `arn:aws:iam::${MANAGEMENT}:role/cordon-organization`;

// biome-ignore lint/suspicious/noExplicitAny: each command has an input of its own shape
type Input = Record<string, any>;

/** An organization with one member account, as its management account sees it, and the member's root. */
class FakeOrganization {
  readonly calls: { operation: string; as: string; input: Input }[] = [];
  readonly policies = new Map<string, { name: string; content: string; targets: Set<string> }>();
  managementAccount = MANAGEMENT;
  /** Called before every call. */
  before: (operation: string) => void = () => undefined;
  readonly root = {
    password: true,
    keys: ['AKIAROOT1'],
    certificates: ['CERT1'],
    devices: [`arn:aws:iam::${ACCOUNT}:mfa/root`],
  };

  /** In the place of the source of clients; tells who calls by the access key. */
  readonly client = ((_type: unknown, _region?: string, credentials?: SessionCredentials) => ({
    send: async (command: object) => {
      const operation = command.constructor.name.replace(/Command$/, '');
      const { input } = command as { input: Input };
      const as = credentials?.accessKeyId ?? 'function';
      this.calls.push({ operation, as, input });
      this.before(operation);
      const answer = this.#answers[operation];
      if (!answer) throw new TypeError(`The fake organization has no ${operation}.`);
      return answer(input, as);
    },
  })) as unknown as Context['client'];

  get changes(): string[] {
    return this.calls
      .map(({ operation }) => operation)
      .filter((name) => /^(Create|Attach|Detach|Delete|Deactivate)/.test(name));
  }

  readonly #session = (accessKeyId: string) => ({
    Credentials: { AccessKeyId: accessKeyId, SecretAccessKey: 'secret', SessionToken: 'token' },
  });
  readonly #as = (wanted: string, actual: string) => {
    if (actual !== wanted) throw refusal('AccessDenied', `${actual} may not do that, only ${wanted}`);
  };
  readonly #summary = (id: string, name: string) => ({ Id: id, Name: name });

  readonly #answers: Record<string, (input: Input, as: string) => unknown> = {
    AssumeRole: ({ RoleArn }, as) => {
      this.#as('function', as);
      return this.#session(RoleArn === ROLE ? 'management' : 'stranger');
    },
    AssumeRoot: ({ TaskPolicyArn }, as) => {
      this.#as('management', as);
      return this.#session(String(TaskPolicyArn.arn).replace('arn:aws:iam::aws:policy/root-task/', 'root:'));
    },
    DescribeOrganization: (_input, as) => {
      this.#as('management', as);
      return { Organization: { MasterAccountId: this.managementAccount } };
    },
    // One a page: who reads the first only does not find it.
    ListPolicies: ({ NextToken }, as) => {
      this.#as('management', as);
      const all = [
        { Id: 'p-full', Name: 'FullAWSAccess' },
        ...[...this.policies].map(([id, { name }]) => this.#summary(id, name)),
      ];
      const at = Number(NextToken ?? 0);
      return { Policies: [all[at]], ...(at + 1 < all.length ? { NextToken: String(at + 1) } : {}) };
    },
    ListPoliciesForTarget: ({ TargetId }) => ({
      Policies: [...this.policies]
        .filter(([, one]) => one.targets.has(TargetId))
        .map(([id, { name }]) => this.#summary(id, name)),
    }),
    DescribePolicy: ({ PolicyId }) => ({ Policy: { Content: this.policies.get(PolicyId)?.content } }),
    CreatePolicy: ({ Name, Content }) => {
      this.policies.set('p-cordon', { name: Name, content: Content, targets: new Set() });
      return { Policy: { PolicySummary: { Id: 'p-cordon' } } };
    },
    AttachPolicy: ({ PolicyId, TargetId }) => {
      const { targets } = this.policies.get(PolicyId) ?? { targets: new Set() };
      if (targets.has(TargetId)) throw refusal('DuplicatePolicyAttachmentException');
      targets.add(TargetId);
      return {};
    },
    DetachPolicy: ({ PolicyId, TargetId }) => {
      if (!this.policies.get(PolicyId)?.targets.delete(TargetId)) throw refusal('PolicyNotAttachedException');
      return {};
    },
    DeletePolicy: ({ PolicyId }) => {
      if (this.policies.get(PolicyId)?.targets.size) throw refusal('PolicyInUseException');
      this.policies.delete(PolicyId);
      return {};
    },
    GetLoginProfile: (_input, as) => {
      this.#as('root:IAMAuditRootUserCredentials', as);
      if (!this.root.password) throw refusal('NoSuchEntityException');
      return { LoginProfile: {} };
    },
    ListAccessKeys: () => ({ AccessKeyMetadata: this.root.keys.map((AccessKeyId) => ({ AccessKeyId })) }),
    ListSigningCertificates: () => ({
      Certificates: this.root.certificates.map((CertificateId) => ({ CertificateId })),
    }),
    ListMFADevices: () => ({ MFADevices: this.root.devices.map((SerialNumber) => ({ SerialNumber })) }),
    DeleteLoginProfile: (_input, as) => {
      this.#as('root:IAMDeleteRootUserCredentials', as);
      this.root.password = false;
      return {};
    },
    DeleteAccessKey: ({ AccessKeyId, UserName }) => this.#remove(this.root.keys, AccessKeyId, UserName),
    DeleteSigningCertificate: ({ CertificateId, UserName }) =>
      this.#remove(this.root.certificates, CertificateId, UserName),
    DeactivateMFADevice: ({ SerialNumber, UserName }) => this.#remove(this.root.devices, SerialNumber, UserName),
  };

  // With a user name IAM would look for that user, and not for root.
  readonly #remove = (list: string[], what: string, user: string | undefined) => {
    if (user !== undefined || !list.includes(what)) throw refusal('NoSuchEntityException');
    list.splice(list.indexOf(what), 1);
    return {};
  };
}

let organization: FakeOrganization;
let desk: Desk;
let incidentId: string;
beforeEach(async () => {
  organization = new FakeOrganization();
  desk = new Desk({ options: { ...defaultOptions, organizationRole: ROLE } });
  current.context = { ...desk.context, client: organization.client };
  incidentId = await desk.open('root-usage');
});

const target = { account: ACCOUNT };
async function plan(action: 'deny-root-by-scp' | 'delete-root-credentials'): Promise<string> {
  const key = actionKeyOf(action, target);
  const declared = { key, action, title: actions[action]?.title ?? '', contains: true, target };
  const label = actions[action]?.label(target) ?? '';
  await desk.context.ledger.plan(incidentId, { ...declared, label, status: 'planned', because: ['e-1'] }, key);
  return key;
}
const stored = (key: string) => desk.context.ledger.action(incidentId, key);
async function run(module: { contain: (event: unknown) => Promise<unknown> }, key: string): Promise<void> {
  for (const phase of ['contain', 'verify']) await module.contain({ incidentId, key, phase });
}
const undo = (key: string) =>
  denyRoot.undo({ incidentId, key, by: 'arn:aws:iam::111122223333:user/soc', reason: 'a drill' });

describe('deny-root-by-scp', () => {
  it('row: root: a service control policy denies it everything, by the management account, and undo takes it back', async () => {
    const key = await plan('deny-root-by-scp');

    await run(denyRoot, key);
    const during = structuredClone(organization.policies);
    await undo(key);

    const [policy] = [...during.values()];
    expect([...(policy?.targets ?? [])]).toEqual([ACCOUNT]);
    expect(JSON.parse(policy?.content ?? '{}').Statement).toEqual([
      expect.objectContaining({
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { ArnLike: { 'aws:PrincipalArn': 'arn:*:iam::*:root' }, Null: { 'aws:AssumedRoot': 'true' } },
      }),
    ]);
    expect(await stored(key)).toMatchObject({
      status: 'undone',
      beforeWords: 'not held by cordon',
      afterWords: 'root denied everything',
    });
    expect(organization.policies.size).toBe(0);
  });

  it('uses the policy that is there, and undo leaves it where another account needs it', async () => {
    const first = await plan('deny-root-by-scp');
    await run(denyRoot, first);
    organization.policies.get('p-cordon')?.targets.add('444455556666');

    await undo(first);

    expect(organization.changes).toEqual(['CreatePolicy', 'AttachPolicy', 'DetachPolicy', 'DeletePolicy']);
    expect([...(organization.policies.get('p-cordon')?.targets ?? [])]).toEqual(['444455556666']);
  });

  it('does no harm when it is done twice', async () => {
    const key = await plan('deny-root-by-scp');
    await denyRoot.contain({ incidentId, key, phase: 'contain' });
    await desk.context.ledger.advance(incidentId, await stored(key), 'captured');

    await run(denyRoot, key);

    expect((await stored(key)).status).toBe('verified');
    expect(organization.policies.size).toBe(1);
  });

  it('row: root: of the management account itself is not held by a policy, and that is said', async () => {
    organization.managementAccount = ACCOUNT;
    const key = await plan('deny-root-by-scp');

    await run(denyRoot, key);

    expect(await stored(key)).toMatchObject({
      status: 'not-needed',
      benign: false,
      reason: expect.stringContaining('management account'),
    });
    expect(organization.changes).toEqual([]);
  });

  it('does nothing without a role in the management account', async () => {
    current.context = {
      ...desk.context,
      client: organization.client,
      environment: { ...desk.context.environment, options: defaultOptions },
    };
    const key = await plan('deny-root-by-scp');

    await expect(denyRoot.contain({ incidentId, key, phase: 'contain' })).rejects.toThrow(TargetUnfit);
    expect(organization.calls).toEqual([]);
  });
});

describe('delete-root-credentials', () => {
  it('row: root: its credentials are deleted by privileged sessions, reading with one task and deleting with the other', async () => {
    const key = await plan('delete-root-credentials');

    await run(deleteCredentials, key);

    expect(organization.root).toEqual({ password: false, keys: [], certificates: [], devices: [] });
    expect(await stored(key)).toMatchObject({
      status: 'verified',
      beforeWords: 'a password, 1 access key, 1 certificate, 1 MFA device',
      afterWords: 'no password, 0 access keys, 0 certificates, 0 MFA devices',
    });
    const deleting = organization.calls.filter(({ operation }) => /^(Delete|Deactivate)/.test(operation));
    expect(new Set(deleting.map((one) => one.as))).toEqual(new Set(['root:IAMDeleteRootUserCredentials']));
    // Root's password is protected by its MFA device as long as there is one.
    expect(organization.changes.at(-1)).toBe('DeactivateMFADevice');
    expect(
      organization.calls
        .filter(({ operation }) => operation === 'AssumeRoot')
        .map(({ input }) => input.TargetPrincipal),
    ).toContain(ACCOUNT);
  });

  it('is not called done while something is left', async () => {
    const key = await plan('delete-root-credentials');
    organization.before = (operation) => {
      if (operation === 'DeactivateMFADevice') organization.root.keys.push('AKIAROOT2');
    };
    const contained = await deleteCredentials.contain({ incidentId, key, phase: 'contain' });

    await deleteCredentials.contain({ incidentId, key, phase: 'verify' });

    expect(contained).toMatchObject({ status: 'contained', settled: false });
    expect(await stored(key)).toMatchObject({ status: 'failed', reason: expect.stringContaining('1 access key') });
  });

  it('row: root: deleting its credentials cannot be undone, says why, and has no function that would', () => {
    expect(actions['delete-root-credentials']?.irreversible).toMatch(/cannot be brought back/);
    expect(actions['delete-root-credentials']?.undo).toBeUndefined();
    expect(deleteCredentials).not.toHaveProperty('undo');
  });
});

describe('a use of root', () => {
  const used = JSON.stringify(
    call('iam.amazonaws.com', 'ListUsers', root, { eventTime: '2026-05-01T03:00:30Z', readOnly: true }),
  );

  it.each([
    [undefined, []],
    [ROLE, ['delete-root-credentials: proposed', 'deny-root-by-scp: proposed']],
  ])(
    'row: root: with the management role %s, is offered to be held from there: %j',
    async (organizationRole, offered) => {
      const here = new Desk({ options: { ...defaultOptions, organizationRole } });
      here.account.logs = [used];
      const id = await here.open('root-usage');
      await collect({ incidentId: id, round: 0, empty: 0 }, here.context);

      await planContainments(await here.context.ledger.incident(id), here.context);

      const planned = await here.context.ledger.actions(id);
      expect(planned.map(({ action, status }) => `${action}: ${status}`).sort()).toEqual(offered);
      for (const one of planned.filter(({ action }) => action === 'delete-root-credentials')) {
        expect(one.reason).toMatch(/cannot be undone/);
      }
    },
  );
});
