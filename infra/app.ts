import { Annotations, App, Stack, Tags } from 'aws-cdk-lib';
import { ManagedPolicy, PermissionsBoundary } from 'aws-cdk-lib/aws-iam';
import { detections } from '../playbooks/catalog.ts';
import { checkDetection } from '../playbooks/matching/forms.ts';
import { CordonStack } from './cordon-stack.ts';
import { forLocalAws, localSynthesizer } from './emulator.ts';
import { expiredWarnings } from './guard-settings.ts';
import { readSettings } from './settings.ts';
import { TrailStack } from './trail-stack.ts';

const app = new App();
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
const stack = new CordonStack(app, settings.prefix, settings, known, {
  ...common(),
  // CloudFormation takes a megabyte, of which spaces would be a third.
  suppressTemplateIndentation: true,
  description: 'cordon: detections, playbooks, ledger and evidence',
});
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
