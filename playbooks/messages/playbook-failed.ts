import { runbookLines } from '../runbook.ts';
import { MOST_TEXT, SCHEMA_VERSION } from './events.ts';

/**
 * What Step Functions says of a playbook that failed, as JSONata: no function of cordon runs for it. `$states.input` is the
 * error, `$incidentId` the incident or why there is none. JSONata makes the JSON, so no text in it can break it.
 * https://docs.jsonata.org/string-functions
 */
const input = '$states.context.Execution.Input';
/** The event of an alarm stands there by itself, that of a call beside its detection. */
const event = `($exists(${input}.event) ? ${input}.event : ${input})`;
const startedBy = `($exists(${input}.detection) ? ${input}.detection : ${input}.detail.alarmName)`;
const execution = '$states.context.Execution.Id';
const cause = `$substring($string($states.input), 0, ${MOST_TEXT})`;
/** Slack's three control characters as entities. */
const entities = (text: string): string =>
  `$replace($replace($replace(${text}, '&', '&amp;'), '<', '&lt;'), '>', '&gt;')`;
const headline = `'CRITICAL PLAYBOOK FAILED, an analyst is needed: ' & ${startedBy}`;
const show = `'npx cordon incidents show ' & $incidentId`;

/** Less than 100 characters, as SNS takes them: what started it is named for the detection. */
export const subject = `$substring('[cordon] CRITICAL PLAYBOOK FAILED: ' & ${startedBy} & ', ' & ${event}.account, 0, 99)`;

/** The mail's text. `runbooks` is the address where the runbooks can be read, if any. */
export const text = (playbook: string, runbooks?: string): string =>
  [
    `'CRITICAL: A PLAYBOOK FAILED, an analyst is needed\\n'`,
    `'The playbook ${playbook} could not go on. Look at the alarm and at the account by hand.\\n\\n'`,
    `'Incident  ' & $incidentId & '\\n'`,
    `'Account   ' & ${event}.account & ', ' & ${event}.region & '\\n'`,
    `'Started   by ' & ${startedBy} & '\\n'`,
    // An address may have quotes in it.
    JSON.stringify(`${runbookLines(playbook, runbooks).join('\n')}\n\n`),
    `'WHAT IT WAS DOING\\n- ' & $string($states.input) & '\\n\\n'`,
    `'EVIDENCE\\n- ' & ${execution} & '\\n- ' & ${show} & '\\n'`,
  ].join(' & ');

/** The detail of its event, `Playbook Failed`, on one line, as Step Functions takes expressions. */
export const detail = (playbook: string): string =>
  `{
  'schemaVersion': '${SCHEMA_VERSION}',
  'id': ${execution} & '/failed',
  'at': $now(),
  'headline': ${headline},
  'playbook': '${playbook}',
  'execution': ${execution},
  'account': ${event}.account,
  'region': ${event}.region,
  'startedBy': ${startedBy},
  'incidentId': $incidentId,
  'cause': ${cause},
  'slack': {
    'text': ${entities(headline)},
    'blocks': [
      { 'type': 'header', 'text': { 'type': 'plain_text', 'text': $substring(${entities(headline)}, 0, 150) } },
      { 'type': 'section', 'text': { 'type': 'plain_text', 'emoji': false, 'text':
        ${event}.account & ', ' & ${event}.region & '\\n' & ${entities(cause)} & '\\n' & ${entities(show)} } }
    ],
    'unfurl_links': false,
    'unfurl_media': false
  },
  'pagerduty': {
    'event_action': 'trigger',
    'dedup_key': $substring($contains($incidentId, 'none:') ? ${execution} : $incidentId, 0, 255),
    'client': 'cordon',
    'payload': {
      'summary': ${headline},
      'source': ${event}.account & ' ' & ${event}.region,
      'severity': 'critical',
      'timestamp': $now(),
      'group': ${event}.account,
      'class': ${startedBy},
      'custom_details': { 'incident': $incidentId, 'execution': ${execution}, 'cause': ${cause} }
    }
  }
}`.replace(/\s*\n\s*/g, ' ');
