import type { Chart } from './chart.ts';
import type { Section } from './report.ts';

/** A picture of a section: which columns it shows, and what the figures are held against. */
interface Picture {
  section: string;
  /** Of its file, without the ending. */
  file: string;
  kind: Chart['kind'];
  title: string;
  unit: string;
  /** Columns whose words stand beside the bars; of lines the one column of numbers. */
  labels: readonly string[];
  /** Columns that are drawn. */
  values: readonly string[];
  /** One line for each word of this column and each of `values`. */
  by?: string;
  mark?: Chart['mark'];
}

const PICTURES: readonly Picture[] = [
  bars('accept', 'Messages accepted per second', 'messages/s', ['per request', 'with key'], ['messages/s', 'bare rows/s']),
  bars('dispatch', 'Messages sent per second over 100 groups', 'messages/s', ['limits'], ['messages/s']),
  bars('engine', 'Without limits, beside other queues', 'messages/s', ['engine', 'form'], ['messages/s']),
  {
    ...bars('lanes', 'The worst second of a group that may get 50', 'messages', ['engine', 'limit'], ['worst second of a group']),
    mark: { value: 50, label: 'asked for: 50' },
  },
  bars('latency', 'From a request to the network', 'ms', ['messages/s'], ['to network p50 ms', 'to network p99 ms']),
  bars('intake', 'Answer to a webhook', 'ms', ['events/s'], ['answer p50 ms', 'answer p99 ms']),
  bars('inbound', "VK's events answered per second", 'events/s', ['bot', 'before the answer'], ['events/s']),
  bars(
    'bot',
    "From a question to the bot's answer at VK",
    'ms',
    ['limits', 'questions/s'],
    ['to network p50 ms', 'to network p99 ms'],
  ),
  bars('callbacks', 'Signed callbacks', 'per second', ['form'], ['POSTs/s', 'callbacks/s']),
  { ...lines('backlog', 'Finding the due messages, by messages waiting', 'p50, ms', 'waiting', ['find p50 ms']), by: 'pinned' },
  {
    ...lines('backlog', 'Memory of a server, by messages waiting', 'MiB', 'waiting', ['memory MiB']),
    file: 'memory',
    by: 'pinned',
  },
  bars('life', 'What a message leaves on disk', 'bytes with indexes', ['what'], ['bytes a message']),
  lines('groups', 'The same load to more groups', 'ms', 'groups', ['answer p99 ms', 'to network p50 ms', 'to network p99 ms']),
  lines('accounts', 'The same load by more accounts', 'ms', 'accounts', [
    'answer p99 ms',
    'to network p50 ms',
    'to network p99 ms',
  ]),
];

function bars(section: string, title: string, unit: string, labels: readonly string[], values: readonly string[]): Picture {
  return { section, file: section, kind: 'bars', title, unit, labels, values };
}

function lines(section: string, title: string, unit: string, along: string, values: readonly string[]): Picture {
  return { section, file: section, kind: 'lines', title, unit, labels: [along], values };
}

/** The pictures of what a section found, with the names of their files. */
export function picturesOf(section: Section): { file: string; chart: Chart }[] {
  return PICTURES.filter((picture) => picture.section === section.name).map((picture) => ({
    file: picture.file,
    chart: chartOf(picture, section),
  }));
}

function chartOf({ kind, title, unit, labels, values, by, mark }: Picture, { rows }: Section): Chart {
  const labelOf = (row: Section['rows'][number]): string => labels.map((column) => String(row[column])).join(', ');
  const names = [...new Set(rows.map(labelOf))];
  const words = by === undefined ? [undefined] : [...new Set(rows.map((row) => row[by]))];
  const series = words.flatMap((word) =>
    values.map((column) => ({
      name: word === undefined ? column : `${by}: ${word}`,
      values: names.map((name) => {
        const found = rows.find((row) => labelOf(row) === name && (by === undefined || row[by] === word))?.[column];
        return typeof found === 'number' && Number.isFinite(found) ? found : null;
      }),
    })),
  );
  return { kind, title, unit, labels: names, series, ...(mark !== undefined && { mark }) };
}
