import type { Command } from '../command.ts';
import console from './console.ts';
import { detectionsList, detectionsShow } from './detections.ts';
import doctor from './doctor.ts';
import incidentsList from './incidents-list.ts';
import incidentsShow from './incidents-show.ts';
import incidentsWatch from './incidents-watch.ts';
import { pastCommands } from './past.ts';
import { answerQuestion, listQuestions, showQuestion } from './questions.ts';
import runbook from './runbook.ts';
import simulate from './simulate.ts';
import undo from './undo.ts';

/** Every command, in the order of the help. The line parser, the help and docs/cli.md read this and name none. */
export const commands: readonly Command[] = [
  incidentsList,
  incidentsShow,
  incidentsWatch,
  listQuestions('approvals', 'approval', 'what waits for a decision'),
  showQuestion('approvals', 'approval', 'one approval: what, why, what else it touches'),
  answerQuestion('approvals', 'approve', 'let a proposed action be carried out', 'talked to the team: not theirs'),
  answerQuestion('approvals', 'reject', 'decide against a proposed action', 'the bucket is meant to be public'),
  listQuestions('tasks', 'task', 'what is left to do by hand'),
  showQuestion('tasks', 'task', 'one manual step, with its commands'),
  answerQuestion('tasks', 'done', 'say that a manual step is done', 'read all 14 calls, nothing else'),
  answerQuestion('tasks', 'skip', 'say that a manual step is not needed', 'was a drill'),
  undo,
  detectionsList,
  detectionsShow,
  runbook,
  simulate,
  ...pastCommands,
  doctor,
  console,
];
