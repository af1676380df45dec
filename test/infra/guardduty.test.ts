import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { CordonStack } from '../../infra/cordon-stack.ts';
import { forLocalAws, localSynthesizer } from '../../infra/emulator.ts';
import { findingPattern } from '../../infra/finding-rules.ts';
import { readSettings } from '../../infra/settings.ts';
import { findingDetections } from '../../playbooks/catalog.ts';

const TRAIL = { logGroup: '/cordon/trail', bucket: 'cordon-trail-records', role: 'cordon-trail-delivery' };

/** The stack with these settings. */
function deployed(context: Record<string, string>): Template {
  const app = new App();
  const settings = readSettings((key) => ({ mail: 'soc@example.com', ...context })[key]);
  const stack = new CordonStack(app, 'cordon', settings, TRAIL, {
    ...(settings.local ? { synthesizer: localSynthesizer() } : {}),
  });
  if (settings.local) forLocalAws(app);
  return Template.fromStack(stack);
}

describe('what GuardDuty finds', () => {
  let off: Template;
  let on: Template;
  beforeAll(() => {
    off = deployed({});
    on = deployed({ packs: 'guardduty', guarddutyDetector: 'true', findingModes: 'high=approve' });
  }, 120_000);
  const rules = (template: Template) =>
    Object.values(template.findResources('AWS::Events::Rule')).filter(({ Properties }) =>
      JSON.stringify(Properties.EventPattern ?? {}).includes('aws.guardduty'),
    );

  it('row: guardduty: off by default: no rule, no playbook, no detector', () => {
    expect(rules(off)).toEqual([]);
    expect(JSON.stringify(off.toJSON())).not.toMatch(/answer-finding|GuardDuty::Detector/);
  });

  it('row: guardduty: on by one line: a rule for each detection starts the one playbook, with lane and detection', () => {
    const found = new Map(rules(on).map(({ Properties }) => [Properties.Name as string, Properties]));

    expect([...found.keys()].sort()).toEqual(
      Object.keys(findingDetections)
        .map((id) => `cordon-${id}`)
        .sort(),
    );
    for (const [id, detection] of Object.entries(findingDetections)) {
      const { EventPattern, Targets, State } = found.get(`cordon-${id}`) ?? {};
      expect(EventPattern).toEqual(findingPattern(detection));
      expect(State).toBeUndefined();
      expect(Targets).toMatchObject([
        {
          InputTransformer: {
            InputTemplate: `{"lane":"finding","detection":"${id}","event":<aws.events.event.json>}`,
          },
          DeadLetterConfig: {},
        },
      ]);
    }
  });

  it('row: guardduty: one role of the rules: it may start that playbook and nothing else', () => {
    const [machine = ''] = Object.keys(
      on.findResources('AWS::StepFunctions::StateMachine', {
        Properties: { StateMachineName: 'cordon-answer-finding' },
      }),
    );

    on.hasResourceProperties('AWS::IAM::Role', {
      RoleName: 'cordon-guardduty-start',
      Policies: [
        {
          PolicyDocument: {
            Statement: [{ Action: 'states:StartExecution', Resource: { 'Fn::GetAtt': [machine, 'Arn'] } }],
          },
        },
      ],
    });
  });

  it('row: guardduty: undelivered: events that cannot start it may go to the queue, from each rule', () => {
    const policies = JSON.stringify(on.findResources('AWS::SQS::QueuePolicy'));

    for (const id of Object.keys(findingDetections)) expect(policies).toContain(`rule/cordon-${id}"`);
  });

  it('row: guardduty: a detector on request: it tells of updates as often as it can', () => {
    on.hasResourceProperties('AWS::GuardDuty::Detector', {
      Enable: true,
      FindingPublishingFrequency: 'FIFTEEN_MINUTES',
    });
    on.resourceCountIs('AWS::GuardDuty::Detector', 1);
  });

  it('row: guardduty: modes by severity: the functions are told where those are not the default', () => {
    const optionsOf = (template: Template): string[] =>
      Object.values(template.findResources('AWS::Lambda::Function')).map(
        ({ Properties }) => Properties.Environment.Variables.CORDON_OPTIONS as string,
      );

    for (const options of optionsOf(on)) expect(JSON.parse(options).findingModes.high).toBe('approve');
    for (const options of optionsOf(off)) expect(options).not.toContain('findingModes');
  });

  it('row: guardduty: on the local AWS: the detector is left out, which its CloudFormation does not know', () => {
    deployed({ packs: 'guardduty', guarddutyDetector: 'true', local: 'true' }).resourceCountIs(
      'AWS::GuardDuty::Detector',
      0,
    );
  }, 120_000);
});
