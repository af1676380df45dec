import { describe, expect, it } from 'vitest';
import { alarmDescription } from '../../infra/detection-rule.ts';
import { detections } from '../../playbooks/catalog.ts';

describe.each(Object.entries(detections))('the description of the alarm %s', (_, detection) => {
  it('says what it is about, which playbook runs, and where its runbook is', () => {
    const text = alarmDescription(detection, 'cordon', 'https://git.example.com/runbooks');

    expect(text).toContain(`${detection.severity}: ${detection.title}.`);
    expect(text).toContain(`The playbook cordon-${detection.response} has started`);
    expect(text).toMatch(
      new RegExp(
        `Runbook: npx cordon runbook ${detection.response}, https://git\\.example\\.com/runbooks/${detection.response}\\.md$`,
      ),
    );
  });

  it('is no longer than CloudWatch takes, for the longest settings', () => {
    const text = alarmDescription(detection, 'x'.repeat(21), `https://${'x'.repeat(292)}`);

    expect(text.length).toBeLessThanOrEqual(1024);
  });
});
