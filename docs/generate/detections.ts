import { techniques, techniqueUrl } from '../../playbooks/attack-techniques.ts';
import { allDetections, responseOf } from '../../playbooks/catalog.ts';
import { type AnyDetection, amountWords } from '../../playbooks/detection.ts';
import { packIds, packSetting, packs } from '../../playbooks/packs.ts';
import { plural } from '../../playbooks/report/words.ts';
import { anchor, code, codes, document, link, list, paragraph, table } from './markdown.ts';
import { patternLines, sampleLines } from './trigger.ts';

/** Every detection: what it takes, when its alarm fires, which playbook it starts, what it answers. */
export function detectionTable(): string {
  const all = Object.entries(allDetections);
  return document([
    '# The detections',
    '',
    ...paragraph(
      `Each is a metric filter on the trail's log group, an alarm, and a rule that starts the playbook; those of what GuardDuty finds are a rule only. Names begin with the prefix, ${code('cordon')} unless a deployment chooses another.`,
    ),
    ...overview(all.filter(([, { pack }]) => pack === undefined)),
    ...paragraph(
      `**Packs** are deployed only where a setting asks for them: ${codes(packIds.map(packSetting))}. Where a detection of a pack yields, a record that another deployed detection before it takes as well is left to that one: both alarms fire, and one summary is mailed.`,
    ),
    ...packIds.flatMap((id) => [
      ...paragraph(`**${packs[id].title}** (${code(id)}). ${packs[id].about}`),
      ...overview(all.filter(([, { pack }]) => pack === id)),
    ]),
    ...all.flatMap(([id, detection]) => [
      `## ${id}`,
      '',
      ...paragraph(`**${detection.title}.** ${detection.why}`),
      ...(detection.pack ? paragraph(`Pack ${code(detection.pack)}: ${packs[detection.pack].title}.`) : []),
      ...paragraph(`Runbook: ${link(responseOf(detection.response).title, `runbooks/${detection.response}.md`)}.`),
      ...sampleLines(detection),
      ...patternLines(detection, 'cordon'),
      ...paragraph('What it answers:'),
      ...list([
        ...detection.attack.map((technique) =>
          link(`${technique} ${techniques[technique].name}`, techniqueUrl(technique)),
        ),
        ...detection.references.map(({ name, url }) => link(name, url)),
      ]),
      ...paragraph('What sets it off without harm:'),
      ...list(detection.falsePositives),
    ]),
  ]);
}

const overview = (some: readonly [string, AnyDetection][]): string[] =>
  table(
    ['Detection', 'Finding', 'Severity', 'The alarm fires at', 'Playbook', 'ATT&CK'],
    some.map(([id, { title, severity, alarm, response, attack }]) => [
      link(code(id), `#${anchor(id)}`),
      title,
      alarm ? severity : 'that of the finding',
      alarm ? `${amountWords(alarm)} within ${plural(alarm.withinMinutes, 'minute')}` : 'no alarm: each finding',
      link(code(response), `runbooks/${response}.md`),
      attack.map((technique) => link(technique, techniqueUrl(technique))).join(', '),
    ]),
  );
