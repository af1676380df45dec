import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { CordonStack } from '../../infra/cordon-stack.ts';
import { forLocalAws, localSynthesizer } from '../../infra/emulator.ts';
import { QueriesStack } from '../../infra/queries.ts';
import { readSettings } from '../../infra/settings.ts';
import { TrailStack } from '../../infra/trail-stack.ts';
import { deployedDetections, detections } from '../../playbooks/catalog.ts';
import { type PackId, packIds } from '../../playbooks/packs.ts';

const FLOW_LOGS = { flowLogs: 'vpc-0a1b2c3d' };
const TRAIL = { logGroup: '/cordon/trail', bucket: 'cordon-trail-records', role: 'cordon-trail-delivery' };

/** The stack with these packs on, as its template. */
function deployed(packs: PackId[], more: Record<string, string> = {}) {
  const app = new App();
  const settings = readSettings((key) => ({ packs, mail: 'soc@example.com', ...more })[key]);
  const stack = new CordonStack(app, 'cordon', settings, TRAIL, { suppressTemplateIndentation: true });
  const template = Template.fromStack(stack);
  const text = JSON.stringify(template.toJSON());
  const named = (type: string, property: string) =>
    Object.values(template.findResources(type)).map(({ Properties }) => String(Properties[property]));
  /** The metrics that both a filter feeds and an alarm reads. */
  const counted = () => {
    const fed = Object.values(template.findResources('AWS::Logs::MetricFilter'))
      .filter(({ Properties }) => [TRAIL.logGroup, '/cordon/flow-logs'].includes(Properties.LogGroupName))
      .map(({ Properties }) => Properties.MetricTransformations[0].MetricName as string);
    return [...new Set(named('AWS::CloudWatch::Alarm', 'MetricName').filter((name) => fed.includes(name)))].sort();
  };
  return { template, text, named, counted, resources: Object.keys(template.toJSON().Resources).length };
}

/** The stack of the saved queries with these packs on, as its template. */
function savedQueries(packs: PackId[], more: Record<string, string> = {}): Template {
  const settings = readSettings((key) => ({ packs, ...more })[key]);
  return Template.fromStack(new QueriesStack(new App(), 'cordon-queries', settings, TRAIL, {}));
}

describe('packs', () => {
  const off = deployed([]);
  const on = deployed([...packIds], FLOW_LOGS);

  it('row: cis: packs off: nothing of them is deployed', () => {
    expect(off.counted()).toEqual([...deployedDetections([]).map(([id]) => id), 'canary'].sort());
    for (const id of Object.keys(detections)) {
      if (detections[id]?.pack) expect(off.text.includes(`"cordon-${id}"`), id).toBe(false);
    }
    expect(off.named('AWS::StepFunctions::StateMachine', 'StateMachineName')).not.toContain('cordon-review');
    expect(off.named('AWS::Lambda::Function', 'FunctionName')).not.toContain('cordon-investigate-review');
    // Nor does anything know its role as one of cordon's own.
    expect(/cordon-investigate-review\b(?!-)/.test(off.text)).toBe(false);
    expect(/cordon-investigate-review\b(?!-)/.test(on.text)).toBe(true);
  });

  it('row: cis: packs on by one line: each detection has its filters, alarm and playbook', () => {
    expect(on.counted()).toEqual([...Object.keys(detections), 'canary'].sort());
    expect(on.named('AWS::StepFunctions::StateMachine', 'StateMachineName')).toContain('cordon-review');
  });

  it('fit into one stack, with room: CloudFormation takes 500 resources and a megabyte', () => {
    expect(on.resources).toBeLessThan(450);
    expect(on.text.length).toBeLessThan(930_000);
  });

  it('have a saved query each, for Logs Insights and, over the bucket, for Athena', () => {
    const ids = Object.keys(detections);
    const queries = savedQueries([...packIds], FLOW_LOGS);
    const insights = Object.values(queries.findResources('AWS::Logs::QueryDefinition'));
    const athena = Object.values(queries.findResources('AWS::Athena::NamedQuery'));

    // Insights cannot look into each of the alarms that a call names.
    const sayable = ids.filter((id) => id !== 'soc-tampering');
    expect(insights.map(({ Properties }) => Properties.Name).sort()).toEqual(
      sayable.map((id) => `cordon/${id}`).sort(),
    );
    const archived = ids.filter((id) => detections[id]?.source === undefined);
    expect(athena.map(({ Properties }) => Properties.Name).sort()).toEqual(archived.map((id) => `cordon-${id}`).sort());
    for (const { Properties } of insights) {
      const flows = detections[Properties.Name.replace('cordon/', '')]?.source === 'flow-logs';
      expect(Properties.LogGroupNames).toEqual([flows ? '/cordon/flow-logs' : '/cordon/trail']);
      // https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutQueryDefinition.html
      expect(Properties.QueryString.length).toBeLessThanOrEqual(10_000);
      expect(Properties.QueryString).toMatch(/^fields @timestamp.*\n\| filter .+\n\| sort @timestamp desc$/s);
    }
    for (const { Properties } of athena) {
      expect(Properties.Database).toBe('cordon_trail');
      expect(Properties.QueryString).toContain('FROM "cordon_trail"."records"');
      // https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateNamedQuery.html
      expect(Properties.QueryString.length).toBeLessThanOrEqual(262_144);
      expect(Properties.Description.length).toBeLessThanOrEqual(1_024);
    }
    queries.hasResourceProperties('AWS::Glue::Table', {
      TableInput: { StorageDescriptor: { Location: 's3://cordon-trail-records/AWSLogs/' } },
    });
  });

  it('say what they look for with names that only the deployment knows', () => {
    const app = new App();
    const settings = readSettings(() => undefined);
    const trailStack = new TrailStack(app, 'cordon-trail', settings, {});
    const stack = new CordonStack(app, 'cordon', settings, trailStack.trail, {});
    const queries = new QueriesStack(app, 'cordon-queries', settings, trailStack.trail, {});
    const text = JSON.stringify([stack, queries].map((one) => Template.fromStack(one).toJSON()));

    expect(text.includes('${Token[')).toBe(false);
    expect(/AWSLogs/.test(text)).toBe(true);
  });

  it('leave out on the local AWS what nothing there runs or shows, and what stays refers to none of it', () => {
    const app = new App();
    const settings = readSettings((key) => ({ packs: [...packIds], ...FLOW_LOGS, local: true })[key]);
    const stack = new CordonStack(app, 'cordon', settings, TRAIL, { synthesizer: localSynthesizer() });
    forLocalAws(app);

    const { Resources } = Template.fromStack(stack).toJSON() as { Resources: Record<string, { Type: string }> };

    const types = Object.values(Resources).map(({ Type }) => Type);
    expect(types.filter((type) => /QueryDefinition|Athena|Glue|Dashboard|ApiDestination/.test(type))).toEqual([]);
    expect(types.filter((type) => type === 'AWS::CloudWatch::Alarm').length).toBe(
      on.named('AWS::CloudWatch::Alarm', 'AlarmName').length,
    );
    expect(/"(Ref|Fn::GetAtt|DependsOn)":\[?"(Queries|Overview)/.test(JSON.stringify(Resources))).toBe(false);
  });

  it('are on the dashboard, with every alarm, and nothing else is where they are off', () => {
    const body = (from: typeof on) => {
      const [dashboard] = Object.values(from.template.findResources('AWS::CloudWatch::Dashboard'));
      return JSON.stringify(dashboard?.Properties);
    };

    for (const [id, { pack }] of Object.entries(detections)) {
      expect(body(on).includes(id), id).toBe(true);
      if (pack) expect(body(off).includes(id), id).toBe(false);
    }
    expect(body(on)).toContain('ExecutionsFailed');
  });

  it('tell the functions which are on, and their variables fit: Lambda takes 4 KB', () => {
    for (const { Properties } of Object.values(on.template.findResources('AWS::Lambda::Function'))) {
      const variables = Properties.Environment.Variables as Record<string, unknown>;
      expect(variables.CORDON_PACKS).toBe(JSON.stringify(packIds));
      const size = Object.entries(variables).reduce((sum, [name, value]) => sum + name.length + `${value}`.length, 0);
      expect(size).toBeLessThan(3_800);
    }
  });

  it('alert whom an audit needs to alert, where somebody is named for it', () => {
    const { template } = deployed(['cis'], { auditMail: 'audit@example.com' });
    const topics = template.findResources('AWS::SNS::Topic', { Properties: { TopicName: 'cordon-audit-alerts' } });
    const [audit = ''] = Object.keys(topics);

    template.hasResourceProperties('AWS::SNS::Subscription', {
      Endpoint: 'audit@example.com',
      TopicArn: { Ref: audit },
    });
    template.hasResourceProperties('AWS::CloudWatch::Alarm', {
      AlarmName: 'cordon-cis-vpc-changes',
      AlarmActions: [{ Ref: audit }],
    });
    const [own] = Object.values(
      template.findResources('AWS::CloudWatch::Alarm', { Properties: { AlarmName: 'cordon-trail-tampering' } }),
    );
    expect(JSON.stringify(own?.Properties.AlarmActions)).not.toContain(audit);
  });
});
