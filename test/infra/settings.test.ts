import { describe, expect, it } from 'vitest';
import { InvalidSettings, readSettings } from '../../infra/settings.ts';
import { defaultOptions } from '../../playbooks/options.ts';
import { defaultQuestionTimes } from '../../playbooks/question-times.ts';

const read = (context: Record<string, unknown>) => readSettings((key) => context[key]);

describe('readSettings', () => {
  it('has a default for everything', () => {
    expect(read({})).toEqual({
      prefix: 'cordon',
      mail: [],
      escalation: [],
      auditMail: [],
      packs: [],
      questions: defaultQuestionTimes,
      protectedPrincipals: [],
      guard: { mode: 'auto', detectionModes: {}, cap: 10, suppressions: [] },
      options: defaultOptions,
      trailParts: {},
      messages: { pagerdutyUrl: 'https://events.pagerduty.com/v2/enqueue' },
      guarddutyDetector: false,
      local: false,
    });
  });

  it('takes how far findings let cordon go, by severity; what is not named keeps its default', () => {
    expect(read({ findingModes: 'low=approve, high=monitor' }).options.findingModes).toEqual({
      ...{ low: 'approve', medium: 'approve', high: 'monitor', critical: 'auto' },
    });
    expect(read({ findingModes: { critical: 'approve' } }).options.findingModes.critical).toBe('approve');
    expect(() => read({ findingModes: 'severe=auto' })).toThrow(InvalidSettings);
    expect(() => read({ findingModes: 'low=sometimes' })).toThrow(InvalidSettings);
    expect(read({ modes: 'guardduty-bucket=monitor' }).guard.detectionModes).toEqual({ 'guardduty-bucket': 'monitor' });
  });

  it('takes packs by their ids, each once, and names those that there are', () => {
    expect(read({ packs: 'cis,cis, credentials' }).packs).toEqual(['cis', 'credentials']);
    expect(() => read({ packs: 'pci' })).toThrow(/credentials.*cis/);
  });

  it('takes lists as text or as a list, and leaves blanks out', () => {
    const { mail, protectedPrincipals } = read({
      mail: ' soc@example.com, lead@example.com ,',
      protected: ['arn:aws:iam::*:role/break-glass'],
    });

    expect(mail).toEqual(['soc@example.com', 'lead@example.com']);
    expect(protectedPrincipals).toEqual(['arn:aws:iam::*:role/break-glass']);
  });

  it.each([
    ['true', true],
    [true, true],
    ['false', false],
  ])('takes local=%j from the command line or cdk.json', (local, expected) => {
    expect(read({ local }).local).toBe(expected);
  });

  it('gives the log group and the boundary names of their own', () => {
    expect(read({ logGroup: '/aws/cloudtrail', boundary: 'cordon-boundary' })).toMatchObject({
      existingLogGroup: '/aws/cloudtrail',
      boundary: 'cordon-boundary',
    });
  });

  it('takes the address of the runbooks without a slash at its end, and only over https', () => {
    expect(read({ runbooks: 'https://git.example.com/cordon/docs/runbooks/' })).toMatchObject({
      runbooks: 'https://git.example.com/cordon/docs/runbooks',
    });
    for (const runbooks of [
      'http://git.example.com',
      'docs/runbooks',
      'javascript:alert(1)',
      `https://${'x'.repeat(300)}.com`,
    ]) {
      expect(() => read({ runbooks })).toThrow(/at runbooks/);
    }
  });

  it('takes the parts that an existing trail delivers through', () => {
    const key = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    const { trailParts } = read({ trailBucket: 'records', trailRole: 'CloudTrail_Role', trailKey: key });

    expect(trailParts).toEqual({ bucket: 'records', role: 'CloudTrail_Role', key });
  });

  it('takes Slack and PagerDuty in a line each, by the name or the ARN of a secret', () => {
    const arn = 'arn:aws:secretsmanager:us-east-1:111122223333:secret:cordon/pagerduty-AbCdEf';

    expect(read({ slack: 'cordon/slack', pagerduty: arn }).messages).toEqual({
      slack: 'cordon/slack',
      pagerduty: arn,
      pagerdutyUrl: 'https://events.pagerduty.com/v2/enqueue',
    });
  });

  it.each([
    ['slack', 'https://hooks.slack.com/services/T000/B000/XXXX'],
    ['pagerduty', 'a key'],
    ['pagerdutyUrl', 'http://127.0.0.1:1234/'],
    ['pagerdutyUrl', 'events.pagerduty.com'],
  ])('refuses %s=%s, and says so', (name, value) => {
    expect(() => read({ [name]: value })).toThrow(new RegExp(`at ${name}`));
    if (name !== 'pagerdutyUrl') expect(() => read({ [name]: value })).toThrow(/name or ARN of a secret/);
  });

  it('gathers what it decides for the responses', () => {
    const organizationRole = 'arn:aws:iam::999988887777:role/cordon-root-guard';

    const given = {
      ...{ loginSuccess: 'auto', denyAddresses: 'approve', newPassword: 'auto' },
      ...{ removePublicAccess: 'off', disableGiver: 'auto', isolationSnapshots: 'off' },
    };

    const { options } = read({ ...given, organizationRole });

    expect(options).toEqual({ ...given, organizationRole, findingModes: defaultOptions.findingModes });
  });

  it('takes flow logs in one line: VPCs, or a log group that has them, and switches on what reads them', () => {
    expect(read({ flowLogs: 'vpc-0a1b, vpc-0c2d' })).toMatchObject({
      packs: ['flows'],
      flowLogs: { vpcs: ['vpc-0a1b', 'vpc-0c2d'] },
    });
    expect(read({ flowLogs: '/network/flows', packs: 'cis' })).toMatchObject({
      packs: ['cis', 'flows'],
      flowLogs: { logGroup: '/network/flows' },
    });
    expect(read({}).flowLogs).toBeUndefined();
  });

  it.each([
    [{ packs: 'flows' }, 'the pack flows takes the setting flowLogs'],
    [{ flowLogs: 'vpc-0a1b,/network/flows' }, 'must be ids of VPCs, or the name of one log group'],
  ])('refuses %j, and says why', (given, why) => {
    expect(() => read(given)).toThrow(why);
  });

  it('names everything that is wrong, at once', () => {
    const wrong = {
      ...{ prefix: 'Cordon!', mail: 'soc', protected: 'break-glass', logGroup: '', local: 'perhaps' },
      ...{ trailBucket: '', trailRole: 'role/with/a/path', trailKey: 'alias/trail' },
      ...{ loginSuccess: 'never', denyAddresses: 'yes', newPassword: 'no', organizationRole: 'root-guard' },
    };

    const reading = () => read(wrong);

    expect(reading).toThrow(InvalidSettings);
    for (const name of Object.keys(wrong)) expect(reading).toThrow(new RegExp(`at ${name}`));
    expect(reading).toThrow(/2 to 21 lower-case letters/);
  });
});
