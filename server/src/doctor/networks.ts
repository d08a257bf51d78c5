import { bad, type Finding, good } from './finding.ts';
import { describeStuck, type Reached, reach, type Stage } from './reach.ts';

const TIMEOUT_MS = 5_000;
/** Looked at where nothing is connected yet. */
const DEFAULT_ROOTS = ['https://api.vk.ru', 'https://api.ok.ru'];
const STAGE_NAMES: Readonly<Record<Stage, string>> = { name: 'name', connection: 'connection', tls: 'TLS', answer: 'answer' };

export interface NetworkReached {
  url: string;
  host: string;
  reached: Reached;
}

/** Calls the root of each network once. */
export async function reachNetworks(baseUrls: readonly string[]): Promise<NetworkReached[]> {
  const roots = [...new Set((baseUrls.length === 0 ? DEFAULT_ROOTS : baseUrls).map((baseUrl) => new URL(baseUrl).origin))];
  return Promise.all(
    roots.map(async (root) => {
      const url = `${root}/`;
      return { url, host: new URL(root).host, reached: await reach(url, { timeoutMs: TIMEOUT_MS }) };
    }),
  );
}

export function checkNetworks(answers: readonly NetworkReached[]): Finding[] {
  return answers.map(({ url, host, reached }) => {
    const about = { group: 'networks', name: host } as const;
    if (reached.kind === 'stuck') {
      const { found, advice } = describeStuck(url, reached);
      return bad(about, found, advice);
    }
    const { status, stagesMs } = reached;
    const stages = (Object.keys(STAGE_NAMES) as Stage[]).flatMap((stage) =>
      stagesMs[stage] === undefined ? [] : [`${STAGE_NAMES[stage]} ${stagesMs[stage]} ms`],
    );
    // What stands at the root means nothing, as long as somebody answers.
    if (status < 500) return good(about, `${host} answers (${stages.join(', ')}).`);
    return bad(
      about,
      `${host} answers with an error of its own (HTTP ${status}).`,
      'Wait; if it stays so, look at a proxy between.',
    );
  });
}
