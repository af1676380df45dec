import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeletePublicAccessBlockCommand,
  GetBucketAclCommand,
  GetBucketOwnershipControlsCommand,
  GetBucketPolicyCommand,
  GetPublicAccessBlockCommand,
  PutBucketAclCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketPolicyCommand,
  PutBucketTaggingCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  CreateAccessPointCommand,
  DeletePublicAccessBlockCommand as DeleteAccountBlockCommand,
  GetAccessPointPolicyCommand,
  GetPublicAccessBlockCommand as GetAccountBlockCommand,
  PutAccessPointPolicyCommand,
  PutPublicAccessBlockCommand as PutAccountBlockCommand,
} from '@aws-sdk/client-s3-control';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessKey } from '../../local/account.ts';
import type { CloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { as, makeAttacker, type Stage } from '../../simulate/attack.ts';
import { Desk, type Played } from './harness/desk.ts';
import { actionOn, section, theIncident, theSummary } from './harness/expectations.ts';
import { s3Control } from './harness/s3-control.ts';
import { startTestAws, type TestAws } from './harness/test-aws.ts';
import { undo } from './harness/undo.ts';

const FULL = { BlockPublicAcls: true, IgnorePublicAcls: true, BlockPublicPolicy: true, RestrictPublicBuckets: true };
const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';
const AUTHENTICATED = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers';

// Public statements and grants are removed without asking here, so these tests have a local AWS of their own.
let aws: TestAws;
let desk: Desk;
let stage: Stage;
/** Prepares what is older than the trail: nothing of it is recorded. */
let before: S3Client;
let mallory: S3Client;
let key: AccessKey;

beforeAll(async () => {
  aws = await startTestAws({ settings: { removePublicAccess: 'auto' } });
  desk = await Desk.open('s3-public-exposure', aws.shared);
  stage = desk.stage();
  before = new S3Client({ ...as(stage, stage.administrator), endpoint: aws.shared.unrecorded });
  key = await makeAttacker(stage, `mallory-${stage.mark}`, ['s3:*']);
  mallory = new S3Client(as(stage, key));
});
afterAll(async () => {
  await desk?.close();
  await aws?.close();
});

const play = (attack: () => Promise<unknown>): Promise<Played> => desk.play({ attack });

const named = (name: string): string => `${name}-${stage.mark}`;
const anonymously = async (path: string): Promise<number> => (await fetch(`${stage.endpoint}/${path}`)).status;
const control = (credentials: AccessKey, endpoint = stage.endpoint) => s3Control(stage, credentials, endpoint);

const statement = (bucket: string, rest: object = {}) => ({
  Sid: 'Opened',
  Effect: 'Allow',
  Principal: '*',
  Action: ['s3:GetObject', 's3:ListBucket'],
  Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
  ...rest,
});
const policyOf = (...statements: object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const kept = (bucket: string) =>
  statement(bucket, { Sid: 'Kept', Principal: { AWS: `arn:aws:iam::${stage.account}:root` } });
const putPolicy = (Bucket: string, ...statements: object[]) =>
  mallory.send(new PutBucketPolicyCommand({ Bucket, Policy: policyOf(...statements) }));

/** A bucket with one object and without a block, with ACLs allowed. */
async function makeBucket(name: string, block?: typeof FULL): Promise<string> {
  const Bucket = named(name);
  await before.send(new CreateBucketCommand({ Bucket }));
  await before.send(
    new PutBucketOwnershipControlsCommand({
      Bucket,
      OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
    }),
  );
  await before.send(
    block
      ? new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration: block })
      : (new DeletePublicAccessBlockCommand({ Bucket }) as never),
  );
  await before.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'secret' }));
  return Bucket;
}

async function blockOf(Bucket: string): Promise<unknown> {
  return (await before.send(new GetPublicAccessBlockCommand({ Bucket }))).PublicAccessBlockConfiguration;
}

async function statementsOf(Bucket: string): Promise<string[]> {
  try {
    const { Policy = '{}' } = await before.send(new GetBucketPolicyCommand({ Bucket }));
    return (JSON.parse(Policy) as { Statement: { Sid: string }[] }).Statement.map(({ Sid }) => Sid);
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchBucketPolicy') return [];
    throw error;
  }
}

async function publicGrantsOf(Bucket: string): Promise<string[]> {
  const { Grants = [] } = await before.send(new GetBucketAclCommand({ Bucket }));
  return Grants.filter(({ Grantee }) => Grantee?.URI).map(({ Permission }) => String(Permission));
}

interface Way {
  name: string;
  /** What anonymous callers ask for: the object, or the list of the bucket. */
  path: (bucket: string) => string;
  /** 200 where strangers without an account get in. */
  opened: number;
  prepare?: (bucket: string) => Promise<unknown>;
  block?: typeof FULL;
  open: (bucket: string) => Promise<unknown>;
  report: RegExp;
}

const object = (bucket: string) => `${bucket}/k`;
const list = (bucket: string) => `${bucket}?list-type=2`;
const dormant = (Bucket: string) =>
  before.send(new PutBucketPolicyCommand({ Bucket, Policy: policyOf(kept(Bucket), statement(Bucket)) }));
const grant = (Bucket: string, URI: string, Permission: 'READ' | 'WRITE') => async () => {
  const { Owner } = await before.send(new GetBucketAclCommand({ Bucket }));
  const own = { Grantee: { ID: Owner?.ID, Type: 'CanonicalUser' as const }, Permission: 'FULL_CONTROL' as const };
  const Grants = [own, { Grantee: { URI, Type: 'Group' as const }, Permission }];
  await mallory.send(new PutBucketAclCommand({ Bucket, AccessControlPolicy: { Owner, Grants } }));
};

const WAYS: Way[] = [
  {
    ...{ name: 'policy for *', path: object, opened: 200 },
    open: (bucket) => putPolicy(bucket, kept(bucket), statement(bucket)),
    report: /was open to everyone by its policy \(statement Opened\): read, list/,
  },
  {
    ...{ name: 'policy for AWS * with a condition that does not narrow', path: object, opened: 200 },
    open: (bucket) =>
      putPolicy(
        bucket,
        kept(bucket),
        statement(bucket, {
          Principal: { AWS: '*' },
          Condition: { NotIpAddress: { 'aws:SourceIp': '203.0.113.0/24' } },
        }),
      ),
    report: /was open to everyone by its policy \(statement Opened\)/,
  },
  {
    ...{ name: 'policy for half of all addresses', path: object, opened: 200 },
    open: (bucket) =>
      putPolicy(
        bucket,
        kept(bucket),
        statement(bucket, { Condition: { IpAddress: { 'aws:SourceIp': ['0.0.0.0/1', '128.0.0.0/1'] } } }),
      ),
    report: /was open to everyone by its policy \(statement Opened\)/,
  },
  {
    ...{ name: 'canned ACL public-read', path: list, opened: 200 },
    open: (Bucket) => mallory.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' })),
    report: /was open to everyone by its acl \(grant READ\): list/,
  },
  {
    ...{ name: 'explicit ACL grant to AllUsers', path: list, opened: 200 },
    open: (bucket) => grant(bucket, ALL_USERS, 'READ')(),
    report: /was open to everyone by its acl \(grant READ\): list/,
  },
  {
    ...{ name: 'explicit ACL grant to AuthenticatedUsers', path: list, opened: 403 },
    open: (bucket) => grant(bucket, AUTHENTICATED, 'WRITE')(),
    report: /was open to any AWS account by its acl \(grant WRITE\): write/,
  },
  {
    ...{ name: 'block of the bucket removed before a policy that was public', path: object, opened: 200 },
    ...{ block: { ...FULL, BlockPublicPolicy: false }, prepare: dormant },
    open: (Bucket) => mallory.send(new DeletePublicAccessBlockCommand({ Bucket })),
    report: /its public access block was removed or weakened/,
  },
  {
    ...{ name: 'weakening Put of the block of the bucket', path: object, opened: 200 },
    ...{ block: { ...FULL, BlockPublicPolicy: false }, prepare: dormant },
    open: (Bucket) =>
      mallory.send(
        new PutPublicAccessBlockCommand({
          Bucket,
          PublicAccessBlockConfiguration: { ...FULL, BlockPublicPolicy: false, RestrictPublicBuckets: false },
        }),
      ),
    report: /its public access block was removed or weakened/,
  },
];

describe('buckets opened in every way', () => {
  const buckets = new Map<string, string>();
  const seen = new Map<string, number>();
  let played: Played;
  let undone: Awaited<ReturnType<Desk['playHarmless']>>;
  beforeAll(async () => {
    // Prepare
    for (const [index, { name, block, prepare }] of WAYS.entries()) {
      const bucket = await makeBucket(`way${index}`, block);
      await prepare?.(bucket);
      buckets.set(name, bucket);
    }

    // Act
    played = await play(() =>
      Promise.all(
        WAYS.map(async ({ name, open, path }) => {
          const bucket = buckets.get(name) ?? '';
          await open(bucket);
          seen.set(name, await anonymously(path(bucket)));
        }),
      ),
    );
  });

  it.each(WAYS.map((way) => [way.name, way] as const))(
    'row: s3: %s: closed, read back, and refused to strangers',
    async (name, { path, opened, report }) => {
      const bucket = buckets.get(name) ?? '';
      expect(seen.get(name)).toBe(opened);
      const incident = theIncident(played);
      expect(actionOn(incident, 'block-public-access', `bucket ${bucket}`).status).toBe('verified');
      expect(await blockOf(bucket)).toEqual(FULL);
      expect(await anonymously(path(bucket))).toBe(403);
      const lines = section(theSummary(played), 'EXPOSURE').join('\n').split('- Bucket ');
      const about = lines.find((line) => line.startsWith(`${bucket},`)) ?? '';
      expect(about).toMatch(/, 1 object, 6 B/);
      expect(about).toMatch(report);
      expect(about).toContain('public access is removed (read back)');
    },
  );

  it.each(WAYS.map((way) => [way.name, way] as const))(
    'row: s3: %s: public statements and grants removed, the others kept',
    async (name) => {
      const bucket = buckets.get(name) ?? '';
      expect(actionOn(theIncident(played), 'remove-public-access', `bucket ${bucket}`).status).toBe('verified');
      expect(await publicGrantsOf(bucket)).toEqual([]);
      expect(await statementsOf(bucket)).toEqual(name.includes('ACL') ? [] : ['Kept']);
    },
  );

  it('row: s3: undo: refused in the wrong order, else policy, ACL, ownership and block are exactly as captured', async () => {
    // Prepare
    const incident = theIncident(played);
    const outcomes: string[] = [];

    // Act
    undone = await desk.playHarmless(async () => {
      for (const name of ['policy for *', 'explicit ACL grant to AllUsers']) {
        const label = `bucket ${buckets.get(name)}`;
        const removal = actionOn(incident, 'remove-public-access', label);
        const block = actionOn(incident, 'block-public-access', label);
        const asked = { reason: 'meant to be public' };
        outcomes.push((await undo(desk, incident, removal, asked)).status);
        outcomes.push((await undo(desk, incident, block, asked)).status);
        outcomes.push((await undo(desk, incident, removal, asked)).status);
      }
    });

    // Assess
    expect(outcomes).toEqual(['FAILED', 'SUCCEEDED', 'SUCCEEDED', 'FAILED', 'SUCCEEDED', 'SUCCEEDED']);
    const [byPolicy = '', byAcl = ''] = ['policy for *', 'explicit ACL grant to AllUsers'].map((name) =>
      buckets.get(name),
    );
    await expect(blockOf(byPolicy)).rejects.toMatchObject({ name: 'NoSuchPublicAccessBlockConfiguration' });
    const { Policy } = await before.send(new GetBucketPolicyCommand({ Bucket: byPolicy }));
    expect(JSON.parse(Policy ?? '')).toEqual(JSON.parse(policyOf(kept(byPolicy), statement(byPolicy))));
    expect(await publicGrantsOf(byAcl)).toEqual(['READ']);
    for (const Bucket of [byPolicy, byAcl]) {
      const { OwnershipControls } = await before.send(new GetBucketOwnershipControlsCommand({ Bucket }));
      expect(OwnershipControls?.Rules).toEqual([{ ObjectOwnership: 'ObjectWriter' }]);
    }
    expect(await anonymously(object(byPolicy))).toBe(200);
    expect(await anonymously(list(byAcl))).toBe(200);
  });

  it('row: s3: removing public access, and its undo: no further alarm, incident or mail', async () => {
    // Assess
    const own = ({ userIdentity, eventName = '' }: CloudTrailRecord) =>
      /^cordon-(contain|undo)-/.test(userIdentity?.sessionContext?.sessionIssuer?.userName ?? '') &&
      ['PutBucketPolicy', 'PutBucketAcl', 'DeleteBucketPublicAccessBlock'].includes(eventName);
    const calls = (await desk.delivered(own)).map(({ eventName }) => eventName);
    expect(new Set(calls)).toEqual(new Set(['PutBucketPolicy', 'PutBucketAcl', 'DeleteBucketPublicAccessBlock']));
    expect(played.alarm).toEqual(['ALARM', 'OK']);
    expect(played.executions).toHaveLength(1);
    const about = undone.mails.filter(({ subject }) => !/UNDO|UNDONE/.test(subject));
    expect({ alarm: undone.alarm, mails: about.map(({ subject }) => subject) }).toEqual({ alarm: [], mails: [] });
    expect((await desk.everything()).incidents.map(({ id }) => id)).toEqual([theIncident(played).id]);
  });
});

describe('calls that open nothing', () => {
  const HARMLESS: { name: string; reason: RegExp; block?: typeof FULL; call: (bucket: string) => Promise<unknown> }[] =
    [
      {
        name: 'policy for * from a network',
        call: (bucket) =>
          putPolicy(bucket, statement(bucket, { Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } })),
        reason: /not public: neither policy nor ACL lets strangers in/,
      },
      {
        name: 'policy for * of an organization',
        call: (bucket) =>
          putPolicy(
            bucket,
            statement(bucket, { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-abcdefghij' } } }),
          ),
        reason: /not public: neither policy nor ACL lets strangers in/,
      },
      {
        name: 'private ACL',
        call: (Bucket) => mallory.send(new PutBucketAclCommand({ Bucket, ACL: 'private' })),
        reason: /not public: neither policy nor ACL lets strangers in/,
      },
      {
        name: 'public policy held back by the block',
        block: { ...FULL, BlockPublicPolicy: false },
        call: (bucket) => putPolicy(bucket, statement(bucket)),
        reason: /not public: policy statement Opened is held back by RestrictPublicBuckets of the bucket/,
      },
      {
        name: 'public ACL held back by the block',
        block: { ...FULL, BlockPublicAcls: false },
        call: (Bucket) => mallory.send(new PutBucketAclCommand({ Bucket, ACL: 'public-read' })),
        reason: /not public/,
      },
    ];
  const buckets = new Map<string, string>();
  let played: Played;
  beforeAll(async () => {
    for (const [index, { name, block }] of HARMLESS.entries())
      buckets.set(name, await makeBucket(`calm${index}`, block));
    played = await play(() => Promise.all(HARMLESS.map(({ name, call }) => call(buckets.get(name) ?? ''))));
  });

  it.each(HARMLESS.map((one) => [one.name, one] as const))(
    'row: s3: %s: benign with its reason, nothing changed',
    (name, { reason }) => {
      const incident = theIncident(played);
      const bucket = buckets.get(name);
      const event = incident.events.find(({ reason: why }) => why?.startsWith(`bucket ${bucket}:`));
      expect(event).toMatchObject({ verdict: 'benign', reason: expect.stringMatching(reason) });
      expect(actionOn(incident, 'block-public-access', `bucket ${bucket}`).status).toBe('not-needed');
      expect(incident.outcome).toBe('benign');
    },
  );
});

describe('a bucket that is approved for the public', () => {
  const approved = () => named('approved');
  const forged = () => named('forged');
  let played: Played;
  beforeAll(async () => {
    const tag = (Bucket: string) =>
      new PutBucketTaggingCommand({
        Bucket,
        Tagging: { TagSet: [{ Key: 'cordon:public-approved', Value: 'downloads, team web' }] },
      });
    await Promise.all([makeBucket('approved'), makeBucket('forged')]);
    await new S3Client(as(stage, stage.administrator)).send(tag(approved()));
    played = await play(async () => {
      await mallory.send(tag(forged()));
      await putPolicy(approved(), statement(approved()));
      await putPolicy(forged(), statement(forged()));
    });
  });

  it('row: s3: approved by its tag: reported with who approved it, not closed', async () => {
    expect(await anonymously(object(approved()))).toBe(200);
    const incident = theIncident(played);
    expect(actionOn(incident, 'block-public-access', `bucket ${approved()}`)).toMatchObject({
      status: 'not-needed',
      reason: expect.stringMatching(/^approved for the public by its tag \("downloads, team web", set by IAM user /),
    });
    const about = section(theSummary(played), 'EXPOSURE').join('\n');
    expect(about).toMatch(/IS open to everyone by its policy \(statement Opened\): read, list/);
    expect(about).toContain('left open, as approved');
  });

  it('row: s3: approved by a tag that the offender set: closed, and said so', async () => {
    expect(await anonymously(object(forged()))).toBe(403);
    const incident = theIncident(played);
    expect(actionOn(incident, 'block-public-access', `bucket ${forged()}`).status).toBe('verified');
    expect(section(theSummary(played), 'EXPOSURE').join('\n')).toContain(
      'does not count: who opened the bucket had set it',
    );
  });
});

describe('an access point', () => {
  const bucket = () => named('behind');
  const point = () => named('door');
  const arn = () => `arn:aws:s3:${stage.region}:${stage.account}:accesspoint/${point()}`;
  const Policy = () =>
    policyOf(
      {
        ...statement(''),
        Sid: 'Kept',
        Principal: { AWS: `arn:aws:iam::${stage.account}:root` },
        Resource: `${arn()}/object/*`,
      },
      { ...statement(''), Resource: `${arn()}/object/*`, Action: 's3:GetObject' },
    );
  const readPolicy = async () => {
    const which = { AccountId: stage.account, Name: point() };
    const { Policy: text = '{}' } = await control(stage.administrator).send(new GetAccessPointPolicyCommand(which));
    return (JSON.parse(text) as { Statement: { Sid: string }[] }).Statement.map(({ Sid }) => Sid);
  };
  let played: Played;
  beforeAll(async () => {
    await makeBucket('behind');
    const delegated = statement(bucket(), {
      Action: '*',
      Condition: { StringEquals: { 's3:DataAccessPointAccount': stage.account } },
    });
    await before.send(new PutBucketPolicyCommand({ Bucket: bucket(), Policy: policyOf(delegated) }));
    const off = {
      BlockPublicAcls: false,
      IgnorePublicAcls: false,
      BlockPublicPolicy: false,
      RestrictPublicBuckets: false,
    };
    await control(stage.administrator).send(
      new CreateAccessPointCommand({
        ...{ AccountId: stage.account, Name: point(), Bucket: bucket() },
        PublicAccessBlockConfiguration: off,
      }),
    );
    played = await play(() =>
      control(key).send(new PutAccessPointPolicyCommand({ AccountId: stage.account, Name: point(), Policy: Policy() })),
    );
  });

  it('row: s3: access point policy for everybody: its public statements removed, read back', async () => {
    const incident = theIncident(played);
    expect(incident).toMatchObject({ outcome: 'contained', failures: [] });
    expect(actionOn(incident, 'close-access-point', `access point ${point()}`)).toMatchObject({
      status: 'verified',
      beforeWords: 'open to everyone by statement Opened',
    });
    expect(await readPolicy()).toEqual(['Kept']);
    const about = section(theSummary(played), 'EXPOSURE').join('\n');
    expect(about).toContain(`was open to everyone by its access point (${point()}, statement Opened): read`);
    expect(about).toContain('public access is removed (read back)');
  });

  it('row: s3: access point: undo puts its policy back as it was', async () => {
    const incident = theIncident(played);
    const action = actionOn(incident, 'close-access-point', `access point ${point()}`);
    let status = '';
    await desk.playHarmless(async () => {
      ({ status } = await undo(desk, incident, action, { reason: 'meant to be public' }));
    });
    expect(status).toBe('SUCCEEDED');
    expect(await readPolicy()).toEqual(['Kept', 'Opened']);
  });
});

describe('what gets in the way', () => {
  const gone = () => named('gone');
  const shut = () => named('shut');
  const far = () => named('far');
  let played: Played;
  beforeAll(async () => {
    const eu = { region: 'eu-west-1' };
    const there = new S3Client({ ...as(stage, stage.administrator), ...eu, endpoint: aws.shared.unrecorded });
    await there.send(
      new CreateBucketCommand({ Bucket: far(), CreateBucketConfiguration: { LocationConstraint: 'eu-west-1' } }),
    );
    await there.send(new DeletePublicAccessBlockCommand({ Bucket: far() }));
    await there.send(new PutObjectCommand({ Bucket: far(), Key: 'k', Body: 'secret' }));
    await makeBucket('shut');
    await before.send(new CreateBucketCommand({ Bucket: gone() }));
    await before.send(new DeletePublicAccessBlockCommand({ Bucket: gone() }));
    const denied = statement(shut(), {
      Sid: 'Keep out',
      Effect: 'Deny',
      Action: ['s3:GetBucketPolicy', 's3:GetBucketAcl'],
    });
    played = await play(async () => {
      await putPolicy(gone(), statement(gone()));
      await mallory.send(new DeleteBucketCommand({ Bucket: gone() }));
      await putPolicy(shut(), statement(shut()), denied);
      await new S3Client({ ...as(stage, key), ...eu }).send(
        new PutBucketPolicyCommand({ Bucket: far(), Policy: policyOf(statement(far())) }),
      );
    });
  });

  it('row: s3: bucket deleted meanwhile: said, and holds nothing else up', () => {
    const incident = theIncident(played);
    const action = actionOn(incident, 'block-public-access', `bucket ${gone()}`);
    expect(action).toMatchObject({ status: 'failed', reason: expect.stringContaining('does not exist any more') });
  });

  it('row: s3: policy that shuts cordon out: the block is put all the same, and said', async () => {
    expect(await blockOf(shut())).toEqual(FULL);
    expect(await anonymously(object(shut()))).toBe(403);
    const action = actionOn(theIncident(played), 'block-public-access', `bucket ${shut()}`);
    expect(action.status).toBe('verified');
    expect(action.beforeWords).toContain('closed all the same although cordon is refused its ACL, policy');
    const exposure = section(theSummary(played), 'EXPOSURE').join('\n');
    expect(exposure).toContain('cordon is refused its ACL, policy: judged without');
  });

  it('row: s3: bucket in another region: closed there', async () => {
    expect(actionOn(theIncident(played), 'block-public-access', `bucket ${far()}`).status).toBe('verified');
    const there = new S3Client({ ...as(stage, stage.administrator), region: 'eu-west-1' });
    const found = await there.send(new GetPublicAccessBlockCommand({ Bucket: far() }));
    expect(found.PublicAccessBlockConfiguration).toEqual(FULL);
    expect(await anonymously(object(far()))).toBe(403);
  });
});

describe('the block of the account', () => {
  const AccountId = () => ({ AccountId: stage.account });
  const weakenings = {
    removed: () => control(key).send(new DeleteAccountBlockCommand(AccountId())),
    weakened: () =>
      control(key).send(
        new PutAccountBlockCommand({
          ...AccountId(),
          PublicAccessBlockConfiguration: { ...FULL, RestrictPublicBuckets: false },
        }),
      ),
  };
  it.each(['removed', 'weakened'] as const)(
    'row: s3: block of the account %s: back, and refused to strangers',
    async (how) => {
      // Prepare
      const administrator = control(stage.administrator, stage.endpoint);
      const bucket = await makeBucket(`relies-${how}`);
      await dormant(bucket);
      await administrator.send(new PutAccountBlockCommand({ ...AccountId(), PublicAccessBlockConfiguration: FULL }));
      const seen = [await anonymously(object(bucket))];

      // Act
      const played = await play(async () => {
        await weakenings[how]();
        seen.push(await anonymously(object(bucket)));
      });

      // Assess
      expect(seen).toEqual([403, 200]);
      const incident = theIncident(played);
      expect(actionOn(incident, 'block-account-public-access', `account ${stage.account}`).status).toBe('verified');
      const found = await administrator.send(new GetAccountBlockCommand(AccountId()));
      expect(found.PublicAccessBlockConfiguration).toEqual(FULL);
      expect(await anonymously(object(bucket))).toBe(403);
    },
  );
});
