import { describe, expect, it } from 'vitest';
import { responseOf } from '../../playbooks/catalog.ts';
import { cloudTrailRecord } from '../../playbooks/cloudtrail.ts';
import { call, iamUser } from '../../playbooks/detections/samples.ts';

describe('the end of a simulation', () => {
  const judged = (eventName: string, roleName: string) =>
    responseOf('restore-soc').harmless?.(
      cloudTrailRecord.parse(
        call('iam.amazonaws.com', eventName, iamUser('alice'), { requestParameters: { roleName } }),
      ),
      { deployment: false, protected: false, baselines: [] },
    );

  it('takes away the role that it made, and is no offence; any other call is one', () => {
    expect(judged('DeleteRole', 'cordon-sim-1a2b3c-support')).toMatch(/^the end of a simulation/);
    expect(judged('DeleteRole', 'cordon-collect')).toBeUndefined();
    expect(judged('PutRolePolicy', 'cordon-sim-1a2b3c-support')).toBeUndefined();
  });
});
