const RETRY_AFTER_MS = 2_000;

/**
 * Follows one person's screen. The browser connects again by itself where the connection breaks; where the simulator itself was
 * away and refused, we do. Every connection begins with a snapshot, so nothing that was missed stays missing.
 */
export function follow(phone, store, onSign) {
  let source = null;
  let timer = null;
  let isEnded = false;
  const connect = () => {
    source = new EventSource(`/control/events?phone=${phone}`);
    source.addEventListener('open', () => store.setConnection('open'));
    source.addEventListener('snapshot', ({ data }) => store.snapshot(JSON.parse(data)));
    source.addEventListener('update', ({ data }) => store.update(JSON.parse(data)));
    source.addEventListener('sign', ({ data }) => onSign(JSON.parse(data)));
    source.addEventListener('error', () => {
      if (isEnded) return;
      store.setConnection('lost');
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, RETRY_AFTER_MS);
    });
  };
  connect();
  return () => {
    isEnded = true;
    clearTimeout(timer);
    source.close();
  };
}
