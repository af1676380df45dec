import { command } from '../command.ts';
import { actionTable, headline, nextCommands, questionTable, report } from '../incidents/views.ts';

/** `incidents show INCIDENT` */
export default command({
  name: 'incidents show',
  summary: 'one incident: what happened, what was done, what is left to do',
  arguments: [{ name: 'INCIDENT', about: 'its id, as incidents list and every mail have it' }],
  examples: [
    { command: 'npx cordon incidents show trail-tampering-20260501-030012-4f1a', about: 'the whole report' },
    {
      command: "npx cordon incidents show trail-tampering-20260501-030012-4f1a --json | jq '.events[].record'",
      about: 'the raw records',
    },
  ],
  run: async ({ args, desk, out }) => {
    const { ledger } = await desk();
    const incident = await ledger.incident(args.INCIDENT);
    if (out.json) {
      // What waits for an answer is nothing that a person or a program here can use.
      const questions = incident.questions.map((question) => ({ ...question, token: undefined, execution: undefined }));
      out.value({ ...incident, questions });
      return undefined;
    }
    const now = new Date();
    const section = (heading: string, text: string): void => out.say(`\n${out.paint('strong', heading)}\n${text}`);
    out.say(`${headline(incident, out)}\n`);
    out.say(report(incident, out));
    if (incident.actions.length > 0) section('ACTIONS', actionTable(incident.actions, out));
    if (incident.questions.length > 0) section('QUESTIONS', questionTable(incident.questions, now, out));
    const next = nextCommands(incident);
    if (next.length > 0) section('WHAT YOU CAN DO', next.map((one) => `  ${out.paint('info', one)}`).join('\n'));
    return undefined;
  },
});
