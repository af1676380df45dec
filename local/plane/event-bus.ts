import {
  ListRulesCommand,
  ListTargetsByRuleCommand,
  ResourceNotFoundException,
  type Rule,
  type Target,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import type { HandedOver, Signals } from '../signals.ts';
import type { Clients } from './clients.ts';
import { couldMatch } from './could-match.ts';
import type { BusEvent } from './event.ts';
import { Targets } from './targets.ts';
import { Batcher, type Work } from './work.ts';

/** EventBridge takes no larger event. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html */
const largestEvent = 1_048_576;
/** How often an event is handed on from bus to bus before it is dropped: a circle would go on for ever. */
const mostHops = 4;
const allEvents = 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS';

type Published = { event: BusEvent; readOnly: boolean; hops: number };

export interface EventBusesOptions {
  clients: Clients;
  work: Work;
  signals: Signals;
  now: () => Date;
}

/**
 * Event buses for the events of AWS services, which `PutEvents` refuses from anybody else: finds the rules that match an event, as they
 * are at that moment, and starts their targets.
 */
export class EventBuses {
  readonly #options: EventBusesOptions;
  readonly #targets: Targets;
  readonly #buses = new Map<string, Batcher<Published>>();

  constructor(options: EventBusesOptions) {
    this.#options = options;
    this.#targets = new Targets({ ...options, ended: options.work.signal });
  }

  /** Puts an event on the default bus of a region. `readOnly`: only rules that ask for all management events get it. */
  publish(region: string, event: BusEvent, readOnly = false): void {
    this.#add({ event, readOnly, hops: 0 }, 'default', region);
  }

  /** Delivers to an API destination, for a rule whose bus the emulator has: as long as it takes, nobody waits for it. */
  deliver({ event, rule, target, region }: HandedOver): void {
    const forward = () => undefined;
    void this.#options.work.attempt(`target ${target.Id} of rule ${rule.Name}`, () =>
      this.#targets.deliver({ event, rule, target: target as Target, region, forward }),
    );
  }

  #add(published: Published, bus: string, region: string): void {
    const { work } = this.#options;
    const { event, hops } = published;
    const problem = hops > mostHops ? 'went in circles over buses' : sizeProblem(event);
    if (problem) {
      work.sayOnce(`event ${event.id}`, `An event of ${event.source} ${problem}: not delivered by bus ${bus}.`);
      return;
    }
    const key = `${region} ${bus}`;
    let batcher = this.#buses.get(key);
    if (!batcher) {
      batcher = new Batcher(work, `rules of bus ${bus} in ${region}`, (batch) => this.#route(region, bus, batch));
      this.#buses.set(key, batcher);
    }
    batcher.add(published);
  }

  /** Lists the rules once for the events that wait: after they happened, so that a rule made before them is among these. */
  async #route(region: string, bus: string, batch: Published[]): Promise<void> {
    const rules = await this.#rulesOf(region, bus);
    for (const published of batch) {
      const matching = await Promise.all(rules.map((rule) => this.#matches(region, rule, published)));
      for (const [n, rule] of rules.entries()) {
        if (matching[n])
          this.#options.work.start(`targets of rule ${rule.Name}`, () => this.#startTargets(region, rule, published));
      }
    }
  }

  async #startTargets(region: string, rule: Rule, { event, hops }: Published): Promise<void> {
    const targets = await this.#targetsOf(region, rule);
    const forward = (bus: string, to: string) => this.#add({ event, readOnly: false, hops: hops + 1 }, bus, to);
    await Promise.all(targets.map((target) => this.#targets.deliver({ event, rule, target, region, forward })));
  }

  async #matches(region: string, rule: Rule, { event, readOnly }: Published): Promise<boolean> {
    if (readOnly && rule.State !== allEvents) return false;
    let matches = false;
    // A rule that cannot be judged must not keep the event from the others.
    await this.#options.work.attempt(`pattern of rule ${rule.Name}`, async () => {
      if (!couldMatch(JSON.parse(rule.EventPattern ?? ''), event)) return;
      const request = new TestEventPatternCommand({ EventPattern: rule.EventPattern, Event: JSON.stringify(event) });
      matches = (await this.#options.clients.in(region).events.send(request)).Result === true;
    });
    return matches;
  }

  async #rulesOf(region: string, EventBusName: string): Promise<Rule[]> {
    const { events } = this.#options.clients.in(region);
    const rules: Rule[] = [];
    try {
      let NextToken: string | undefined;
      do {
        const page = await events.send(new ListRulesCommand({ EventBusName, NextToken }));
        rules.push(...(page.Rules ?? []));
        NextToken = page.NextToken;
      } while (NextToken);
    } catch (error) {
      if (!(error instanceof ResourceNotFoundException)) throw error;
    }
    return rules.filter(({ State, EventPattern }) => EventPattern && (State === 'ENABLED' || State === allEvents));
  }

  async #targetsOf(region: string, rule: Rule): Promise<Target[]> {
    const { events } = this.#options.clients.in(region);
    const targets: Target[] = [];
    let NextToken: string | undefined;
    do {
      const request = { Rule: rule.Name, EventBusName: rule.EventBusName, NextToken };
      const page = await events.send(new ListTargetsByRuleCommand(request));
      targets.push(...(page.Targets ?? []));
      NextToken = page.NextToken;
    } while (NextToken);
    return targets;
  }
}

function sizeProblem(event: BusEvent): string | undefined {
  return JSON.stringify(event).length > largestEvent ? 'is larger than EventBridge takes' : undefined;
}
