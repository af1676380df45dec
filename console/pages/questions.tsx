/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import type { FC } from 'hono/jsx';
import type { StoredQuestion } from '../../handlers/incidents/questions.ts';
import type { Incident } from '../../playbooks/incident.ts';
import { isWaiting, type Question } from '../../playbooks/question.ts';
import { dayAndClock } from '../../playbooks/report/words.ts';
import { shortArn } from '../words.ts';
import { type Frame, Layout } from './layout.tsx';
import { Command, QuestionBadge, Section, Text, Time } from './parts.tsx';

/** Where a form of an incident goes, and what it proves itself with. */
export interface Posting {
  path: string;
  csrf: string;
  /** The installation's. */
  prefix: string;
  /** The analyst's policies are known not to allow changes: forms are left out, and it is said why. */
  readOnly: boolean;
}

/** The hidden fields of a form that changes something. */
export const Hidden: FC<{ csrf: string; fields: Record<string, string> }> = ({ csrf, fields }) => (
  <>
    <input type="hidden" name="csrf" value={csrf} />
    {Object.entries(fields).map(([name, value]) => (
      <input type="hidden" name={name} value={value} />
    ))}
  </>
);

/** Why there are no buttons. */
export const ReadOnlyNote: FC<{ posting: Posting }> = ({ posting }) => (
  <p class="note">Your user or role may look, and not answer: it takes the managed policy {posting.prefix}-approver.</p>
);

const NOTE = 'Why? The ledger keeps it.';

/** What waits for an analyst in an incident, each with its form. */
export const OpenQuestions: FC<{ incident: Incident; posting: Posting }> = ({ incident, posting }) => {
  const open = incident.questions.filter(isWaiting);
  if (open.length === 0) return null;
  return (
    <Section id="for-you" title={`For you: ${open.length}`}>
      {posting.readOnly ? <ReadOnlyNote posting={posting} /> : null}
      {open.map((question) => (
        <OpenQuestion question={question} incident={incident} posting={posting} />
      ))}
    </Section>
  );
};

const OpenQuestion: FC<{ question: Question; incident: Incident; posting: Posting }> = ({
  question,
  incident,
  posting,
}) => {
  const action = incident.actions.find(({ key }) => key === question.key);
  const { key, kind, what, why, blastRadius, undo, twoPersons, commands, answers } = question;
  return (
    <article class={`question ${kind}`} id={`question-${key}`} aria-labelledby={`question-${key}-what`}>
      <h3 id={`question-${key}-what`}>
        <span class="kind">{kind === 'approval' ? 'Approve?' : 'To do'}</span> <Text of={what} />
      </h3>
      <dl class="facts">
        {why.length > 0 ? <Fact name="Why" lines={why} /> : null}
        {action?.beforeWords ? <Fact name="Now" lines={[action.beforeWords]} /> : null}
        {blastRadius ? <Fact name="Also touches" lines={[blastRadius]} /> : null}
        {undo ? <Fact name="Undo" lines={[undo]} /> : null}
        {twoPersons ? <Fact name="Takes" lines={['the approval of two different people']} /> : null}
        {answers.length > 0 ? (
          <Fact name="So far" lines={answers.map(({ answer, by, note }) => `${answer} by ${shortArn(by)}: ${note}`)} />
        ) : null}
        <Fact name="If nobody answers" lines={[onTimeout(question)]} />
      </dl>
      {commands.length > 0 ? (
        <details>
          <summary>{kind === 'approval' ? 'The same by hand' : 'Commands'}</summary>
          {commands.map((command) => (
            <Command of={command} />
          ))}
        </details>
      ) : null}
      {posting.readOnly ? null : <AnswerForm question={question} posting={posting} />}
    </article>
  );
};

const Fact: FC<{ name: string; lines: string[] }> = ({ name, lines }) => (
  <>
    <dt>{name}</dt>
    <dd>
      {lines.map((line) => (
        <div>
          <Text of={line} />
        </div>
      ))}
    </dd>
  </>
);

const onTimeout = ({ status, onTimeout: then, timesOutAt }: Question): string =>
  status === 'timed-out'
    ? `nobody answered by ${dayAndClock(timesOutAt)}; it can still be answered`
    : `by ${dayAndClock(timesOutAt)}: ${then === 'contain' ? 'IT IS DONE' : 'nothing is done'}`;

const AnswerForm: FC<{ question: Question; posting: Posting }> = ({ question: { key, kind, what }, posting }) => (
  <form method="post" action={posting.path} class="answer">
    <Hidden csrf={posting.csrf} fields={{ key }} />
    <label for={`note-${key}`}>Note</label>
    <textarea id={`note-${key}`} name="note" required maxlength={2000} rows={2} placeholder={NOTE} />
    <div class="buttons">
      {kind === 'approval' ? (
        <>
          <button
            type="submit"
            name="answer"
            value="approve"
            class="primary"
            data-confirm={`Approve, and have it done now: ${what}?`}
          >
            Approve
          </button>
          <button type="submit" name="answer" value="reject">
            Reject
          </button>
        </>
      ) : (
        <>
          <button type="submit" name="answer" value="done" class="primary">
            Done
          </button>
          <button type="submit" name="answer" value="skip">
            Skip
          </button>
        </>
      )}
    </div>
  </form>
);

/** What was answered, by whom and with which words. */
export const Answered: FC<{ incident: Incident }> = ({ incident }) => {
  const settled = incident.questions.filter((question) => !isWaiting(question));
  if (settled.length === 0) return null;
  return (
    <Section id="decided" title="What analysts decided and did">
      <ul class="answers">
        {settled.map(({ what, status, answers }) => (
          <li>
            <QuestionBadge status={status} /> <Text of={what} />
            {answers.map(({ by, at, note }) => (
              <div class="said">
                <Time iso={at} /> {shortArn(by)}:{' '}
                <q>
                  <Text of={note} />
                </q>
              </div>
            ))}
          </li>
        ))}
      </ul>
    </Section>
  );
};

/** What waits for an answer in all incidents. */
export const WaitingPage: FC<{ frame: Frame; waiting: StoredQuestion[]; now: Date }> = ({ frame, waiting, now }) => (
  <Layout frame={frame} at="/waiting">
    <div class="heading">
      <h1>For you</h1>
    </div>
    <List id="approvals" title="To decide" questions={waiting.filter(({ kind }) => kind === 'approval')} now={now} />
    <List id="tasks" title="To do" questions={waiting.filter(({ kind }) => kind === 'task')} now={now} />
  </Layout>
);

const List: FC<{ id: string; title: string; questions: StoredQuestion[]; now: Date }> = ({
  id,
  title,
  questions,
  now,
}) => (
  <Section id={id} title={`${title}: ${questions.length}`}>
    {questions.length === 0 ? <p class="empty">Nothing waits.</p> : null}
    {questions.length > 0 ? (
      <table class="list" data-rows="">
        <caption class="hidden">{title}, newest first</caption>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">Asked</th>
            <th scope="col">Time is up</th>
            <th scope="col">Stage</th>
          </tr>
        </thead>
        <tbody>
          {questions.map(({ incidentId, key, what, askedAt, timesOutAt, stage, status }) => (
            <tr>
              <th scope="row">
                <a href={`/incidents/${encodeURIComponent(incidentId)}#question-${key}`}>
                  <Text of={what} />
                </a>
                <span class="id">
                  <Text of={incidentId} />
                </span>
              </th>
              <td data-label="Asked">
                <Time iso={askedAt} now={now} />
              </td>
              <td data-label="Until">
                <Time iso={timesOutAt} />
              </td>
              <td>
                <span class={`badge tone ${stage === 'asked' ? 'quiet' : 'bad'}`}>
                  {status === 'timed-out' ? 'timed out' : stage}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    ) : null}
  </Section>
);
