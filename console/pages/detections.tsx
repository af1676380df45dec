/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx';
import { type TechniqueId, techniques, techniqueUrl } from '../../playbooks/attack-techniques.ts';
import { allDetections } from '../../playbooks/catalog.ts';
import type { AnyDetection } from '../../playbooks/detection.ts';
import { type DetectionFigures, figuresOf, type Measured } from '../../playbooks/figures.ts';
import { modes as order } from '../../playbooks/response.ts';
import { pathOf } from '../filter.ts';
import { isMissing, type Missing, type Modes } from '../library.ts';
import { count } from '../words.ts';
import { Sparkline } from './charts.tsx';
import { type Frame, Layout } from './layout.tsx';
import { RunbookLink, Section, SeverityBadge, Text, Time } from './parts.tsx';

/** What the detections' page shows. */
export interface DetectionsView {
  heads: readonly Measured[];
  /** Mondays, oldest first. */
  weeks: string[];
  modes: Modes | Missing;
  /** True where there are more incidents in these weeks than were read. */
  cut: boolean;
  now: Date;
}

/** The lower of the deployment's mode and the detection's own; what is of a pack that is off is not deployed. */
const modeOf = (id: string, { mode, byDetection, packs }: Modes): string => {
  const pack = allDetections[id]?.pack;
  if (pack && !packs.includes(pack)) return 'pack off';
  const own = byDetection[id] ?? mode;
  return order.indexOf(own) < order.indexOf(mode) ? own : mode;
};

/** What is detected, how often it fired, and what of it was no attack. */
export const DetectionsPage: FC<{ frame: Frame; view: DetectionsView }> = ({ frame, view }) => (
  <Layout frame={frame} at="/detections">
    <div class="heading">
      <h1>Detections</h1>
    </div>
    {isMissing(view.modes) ? (
      <p class="note">
        Their modes are not shown: <Text of={view.modes.missing} />
      </p>
    ) : null}
    {view.cut ? (
      <p class="note">There are more incidents in these weeks than were read: the counts are at least these.</p>
    ) : null}
    <Section id="all" title={`The last ${view.weeks.length} weeks`}>
      <table class="list detections">
        <caption class="hidden">Detections with their figures</caption>
        <thead>
          <tr>
            <th scope="col">Severity</th>
            <th scope="col">Detection</th>
            <th scope="col">Mode</th>
            <th scope="col">Last fired</th>
            <th scope="col">Alarms per week</th>
            <th scope="col">False positives</th>
            <th scope="col">ATT&amp;CK</th>
          </tr>
        </thead>
        <tbody>
          {Object.entries(allDetections)
            .sort(([a], [b]) => a.localeCompare(b))
            .map(([id, detection]) => (
              <Row id={id} detection={detection} view={view} />
            ))}
        </tbody>
      </table>
    </Section>
    <Coverage />
  </Layout>
);

const Row: FC<{ id: string; detection: AnyDetection; view: DetectionsView }> = ({ id, detection, view }) => {
  const figures = figuresOf(id, view.heads, view.weeks);
  return (
    <tr>
      <td>
        <SeverityBadge severity={detection.severity} />
      </td>
      <th scope="row">
        <a href={pathOf({ detection: id })}>{detection.title}</a>
        <span class="id">{id}</span>
        <span class="id">
          runbook <RunbookLink detection={id} />
        </span>
      </th>
      <td data-label="Mode">
        <span class="badge tone quiet">{isMissing(view.modes) ? 'not known' : modeOf(id, view.modes)}</span>
      </td>
      <td data-label="Last fired">
        {figures.lastFired ? (
          <Time iso={figures.lastFired} now={view.now} />
        ) : (
          <span class="quiet">not in this time</span>
        )}
      </td>
      <td data-label="Alarms per week">
        <Sparkline
          values={figures.perWeek}
          words={`${id}: ${figures.perWeek.join(', ')} alarms in each of the last ${view.weeks.length} weeks, oldest first`}
        />{' '}
        <span class="quiet">{count(figures.incidents, 'alarm')}</span>
      </td>
      <td data-label="False positives">
        <FalsePositives figures={figures} />
      </td>
      <td data-label="ATT&CK">
        {detection.attack.map((technique) => (
          <a class="technique" href={`#${technique}`}>
            {technique}
          </a>
        ))}
      </td>
    </tr>
  );
};

const FalsePositives: FC<{ figures: DetectionFigures }> = ({
  figures: { falsePositives, marked, incidents, benign },
}) => (
  <>
    {marked === 0 ? 'none marked' : `${falsePositives} of ${marked} marked`}
    {incidents > 0 ? <div class="quiet">{benign} closed as benign</div> : null}
  </>
);

const Coverage: FC = () => {
  const tactics = [...new Set(Object.values(techniques).flatMap(({ tactics }) => tactics as readonly string[]))];
  return (
    <Section id="coverage" title="Coverage by ATT&CK technique">
      <p class="quiet">What cordon detects, by tactic; a technique that is not here is not detected.</p>
      <div class="matrix">
        {tactics.map((tactic) => (
          <div class="tactic">
            <h3>{tactic}</h3>
            <ul>
              {Object.entries(techniques)
                .filter(([, technique]) => (technique.tactics as readonly string[]).includes(tactic))
                .map(([technique, { name, tactics: all }]) => (
                  // One of them has the technique's anchor.
                  <li {...(all[0] === tactic ? { id: technique } : {})}>
                    <a href={techniqueUrl(technique as TechniqueId)} rel="noreferrer external">
                      {technique}
                    </a>{' '}
                    {name}
                    <div class="quiet">
                      {Object.entries(allDetections)
                        .filter(([, { attack }]) => attack.includes(technique as never))
                        .map(([id]) => id)
                        .join(', ')}
                    </div>
                  </li>
                ))}
            </ul>
          </div>
        ))}
      </div>
    </Section>
  );
};
