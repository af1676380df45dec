import type { Detection } from './detection.ts';
import { readMatch } from './matching/filter-pattern/read-match.ts';
import { any } from './matching/match.ts';

/** What the detections of the pack `cis` do not have in common. */
export type Audited = Pick<
  Detection,
  'title' | 'why' | 'severity' | 'attack' | 'references' | 'falsePositives' | 'samples'
> & {
  /** Security Hub's control: 1 for CloudWatch.1. Organizations changes have none. */
  control?: number;
  /** The section of the benchmark, of version 1.4.0 and 3.0.0: `4.1`; of 5.0.0 and later it is the same of chapter 4 or 5. */
  section: string;
  /** What the section asks to be monitored: "unauthorized API calls". */
  monitors: string;
  /** The published patterns, to the letter. */
  published: readonly [string, ...string[]];
};

/**
 * A detection of the pack `cis`: its match comes from reading the published text. Security Hub fails a filter that has any
 * further term, so cordon's own roles are not left out of it.
 * https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html
 */
export const audited = ({ control, section, monitors, references, ...declared }: Audited): Detection => ({
  ...declared,
  pack: 'cis',
  when: any(...declared.published.map(readMatch)),
  yields: true,
  // Security Hub and the benchmark ask for a threshold of one.
  lanes: { event: { none: 'it is only reviewed, which can wait for the alarm' } },
  alarm: { atLeast: 1, withinMinutes: 5 },
  response: 'review',
  references: [
    { name: `CIS AWS Foundations Benchmark v3.0.0 (and v1.4.0), ${section}: ${monitors} are monitored` },
    ...(control === undefined
      ? []
      : [
          {
            name: `Security Hub CloudWatch.${control}: metric filter and alarm for ${monitors}`,
            url: `https://docs.aws.amazon.com/securityhub/latest/userguide/cloudwatch-controls.html#cloudwatch-${control}`,
          },
        ]),
    ...references,
  ],
});
