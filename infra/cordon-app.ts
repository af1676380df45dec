import { join } from 'node:path';
import { Annotations, type App, Stack, Tags } from 'aws-cdk-lib';
import { ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam';
import { detections } from '../playbooks/catalog.ts';
import { checkDetection } from '../playbooks/matching/forms.ts';
import { bundle } from './bundle.ts';
import { CordonStack } from './cordon-stack.ts';
import { forLocalAws, localSynthesizer } from './emulator.ts';
import { roleName } from './functions.ts';
import { expiredWarnings } from './guard-settings.ts';
import { QueriesStack } from './queries.ts';
import { readSettings } from './settings.ts';
import { TrailStack } from './trail-stack.ts';
import { deployedUnits } from './units.ts';

/** Puts cordon into an app, by the settings in its context. @throws InvalidSettings */
export async function addCordon(app: App): Promise<void> {
  const settings = readSettings((key) => app.node.tryGetContext(key));
  // Each stack needs a synthesizer of its own.
  const common = () => (settings.local ? { synthesizer: localSynthesizer() } : {});

  const ownTrail =
    settings.existingLogGroup === undefined
      ? new TrailStack(app, `${settings.prefix}-trail`, settings, {
          ...common(),
          description: 'cordon: the trail, its bucket and its log group',
        })
      : undefined;
  const known = ownTrail?.trail ?? {
    prefix: settings.prefix,
    logGroup: settings.existingLogGroup ?? '',
    ...settings.trailParts,
  };
  for (const [id, detection] of Object.entries(detections)) checkDetection(id, detection, known);
  const code = join(app.outdir, '.bundle');
  // Commands that deploy nothing, such as `cdk list`, ask for none.
  const bundled = (app.node.tryGetContext('aws:cdk:bundling-stacks') as string[] | undefined)?.length !== 0;
  if (bundled) {
    await bundle(
      code,
      deployedUnits(settings.packs).map(({ id }) => roleName(settings.prefix, id)),
    );
  }
  const stack = new CordonStack(app, settings.prefix, settings, known, {
    ...common(),
    ...(bundled ? { code } : {}),
    // CloudFormation takes a megabyte, of which spaces would be a third.
    suppressTemplateIndentation: true,
    description: 'cordon: detections, playbooks, ledger and evidence',
  });
  // Nothing on the local AWS runs a saved query.
  if (!settings.local) {
    const queries = new QueriesStack(app, `${settings.prefix}-queries`, settings, known, {
      ...common(),
      description: 'cordon: saved queries for each detection',
    });
    // Before there was this stack, the other one had them: their names are free when it is through.
    queries.addStackDependency(stack);
  }
  // The metric filters need the log group.
  if (ownTrail) stack.addStackDependency(ownTrail);
  else if (!known.bucket || !known.role) {
    Annotations.of(stack).addWarningV2(
      'cordon:trail-parts-not-watched',
      'The trail’s bucket or delivery role is not named, so nobody watches it. Name them: -c trailBucket=NAME -c trailRole=NAME',
    );
  }
  if (settings.mail.length === 0 && !settings.local) {
    Annotations.of(stack).addWarningV2(
      'cordon:nobody-is-mailed',
      'No mail address is given, so nobody is told of an incident. Add one: -c mail=soc@example.com',
    );
  }
  if (settings.guarddutyDetector && !settings.packs.includes('guardduty')) {
    Annotations.of(stack).addWarningV2(
      'cordon:findings-not-answered',
      'A detector of GuardDuty is deployed, but nothing answers what it finds. Switch the pack on: -c packs=guardduty',
    );
  }
  for (const warning of expiredWarnings(settings.guard.suppressions, new Date())) {
    Annotations.of(stack).addWarningV2('cordon:expired-suppression', warning);
  }
  if (settings.boundary) {
    for (const one of app.node.children.filter(Stack.isStack)) {
      const policy = ManagedPolicy.fromManagedPolicyName(one, 'Boundary', settings.boundary);
      PermissionsBoundary.of(one).apply(policy);
    }
  }
  Tags.of(app).add('cordon', settings.prefix);
  if (settings.local) forLocalAws(app);
}
