import {
  type AlarmHistoryItem,
  AlarmType,
  type CloudWatchClient,
  DescribeAlarmHistoryCommand,
  HistoryItemType,
} from '@aws-sdk/client-cloudwatch';

/** A change of an alarm's state, as its history tells it. */
export interface Transition {
  name: string;
  from: string;
  to: string;
  reason: string;
  at: Date;
}

/**
 * Reads an account's alarm history in one region onwards, so that no change is lost however quickly the states follow each other.
 * History carries whole seconds: within the last second read, the items are counted.
 */
export class AlarmHistory {
  readonly #client: CloudWatchClient;
  #second: number;
  #seen = 0;

  /** `since`: items of earlier seconds are not read. */
  constructor(client: CloudWatchClient, since: Date) {
    this.#client = client;
    this.#second = Math.floor(since.getTime() / 1_000);
  }

  /** The changes since the last call, oldest first. */
  async next(): Promise<Transition[]> {
    const items = await this.#itemsSince(new Date(this.#second * 1_000));
    const ofSecond = items.filter((item) => secondOf(item) === this.#second);
    const fresh = [...ofSecond.slice(this.#seen), ...items.filter((item) => secondOf(item) > this.#second)];
    const last = fresh.at(-1);
    if (last) {
      this.#second = secondOf(last);
      this.#seen = items.filter((item) => secondOf(item) === this.#second).length;
    }
    return fresh.flatMap(transitionOf);
  }

  async #itemsSince(StartDate: Date): Promise<AlarmHistoryItem[]> {
    const items: AlarmHistoryItem[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.#client.send(
        new DescribeAlarmHistoryCommand({
          AlarmTypes: [AlarmType.MetricAlarm, AlarmType.CompositeAlarm],
          HistoryItemType: HistoryItemType.StateUpdate,
          ScanBy: 'TimestampAscending',
          MaxRecords: 100,
          StartDate,
          NextToken,
        }),
      );
      items.push(...(page.AlarmHistoryItems ?? []));
      NextToken = page.NextToken;
    } while (NextToken);
    return items;
  }
}

function secondOf({ Timestamp }: AlarmHistoryItem): number {
  return Math.floor((Timestamp?.getTime() ?? 0) / 1_000);
}

function transitionOf(item: AlarmHistoryItem): Transition[] {
  const data = JSON.parse(item.HistoryData ?? '{}') as {
    oldState?: { stateValue?: string };
    newState?: { stateValue?: string; stateReason?: string };
  };
  const from = data.oldState?.stateValue ?? 'INSUFFICIENT_DATA';
  const to = data.newState?.stateValue;
  // An alarm's making is in its history too, from INSUFFICIENT_DATA to the same.
  if (!item.AlarmName || !to || from === to) return [];
  return [
    { name: item.AlarmName, from, to, reason: data.newState?.stateReason ?? '', at: item.Timestamp ?? new Date() },
  ];
}
