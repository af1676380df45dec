import { describe, expect, it } from 'vitest';
import { responseOf, responses } from '../../playbooks/catalog.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { call, iamUser } from '../../playbooks/detections/samples.ts';
import { whyHarmless } from '../../playbooks/response.ts';

describe('a deployment by a protected principal', () => {
  const key = cloudTrailRecord.parse(
    call('iam.amazonaws.com', 'CreateAccessKey', iamUser('deployer'), { requestParameters: { userName: 'ci' } }),
  );
  const known = { deployment: true, protected: true, baselines: [] };
  const spared = Object.entries(responses).filter(([, { sparesDeployments }]) => sparesDeployments);

  it.each(spared)('does no harm to %s, and a call by somebody else may', (_, response) => {
    expect(whyHarmless(response, key, known)).toBe('a deployment by a protected principal made the call');
    expect(whyHarmless(response, key, { ...known, deployment: false }) ?? '').not.toMatch(/deployment/);
  });

  it('is spared by those that look at what a deployment may do, and by no others', () => {
    expect(spared.map(([id]) => id).sort()).toEqual([
      ...['answer-missing-mfa', 'restore-soc', 'restore-trail', 'restore-trail-pipeline', 'review', 'take-back-access'],
    ]);
    expect(whyHarmless(responseOf('close-bucket'), key, known)).toBeUndefined();
  });
});
