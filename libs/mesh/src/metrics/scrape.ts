import { randomUUID } from 'node:crypto';
import { metricsSubject, type Clock } from '@slipway/contracts';
import type { Registry } from 'prom-client';
import type { Bus } from '../bus/port.js';

/** This process, among those of a mesh. */
const HERE = randomUUID();
/** How long the other processes have to tell their figures, in ms. */
const GATHER_MS = 300;

interface ScrapeOptions {
  mesh: string;
  bus: Bus;
  /** Whose figures they are; this process unless told otherwise. */
  from?: string;
}

/** Tells this process's figures to whichever other process asks for them. The returned function ends it. */
export function answerScrapes({ mesh, bus, from = HERE, registry }: ScrapeOptions & { registry: Registry }): () => void {
  return bus.subscribe(metricsSubject(mesh), (body) => {
    const ask = body as { id?: unknown; from?: unknown } | null;
    if (typeof ask?.id !== 'string' || !/^[\w-]{1,64}$/.test(ask.id) || ask.from === from) return;
    const subject = metricsSubject(mesh, ask.id);
    void registry.metrics().then((text) => bus.publish(subject, { text }));
  });
}

/** Figures of all the other processes of the mesh that answer within 300 ms, each as Prometheus text. None while NATS is away. */
export async function scrapeOthers(options: ScrapeOptions & { clock: Clock }): Promise<string[]> {
  const { mesh, bus, clock, from = HERE } = options;
  if (!bus.connected()) return [];
  const texts: string[] = [];
  const id = randomUUID();
  const end = bus.subscribe(metricsSubject(mesh, id), (body) => {
    const { text } = (body ?? {}) as { text?: unknown };
    if (typeof text === 'string') texts.push(text);
  });
  bus.publish(metricsSubject(mesh), { id, from });
  await new Promise<void>((resolve) => clock.after(GATHER_MS, resolve));
  end();
  return texts;
}

/** Several processes' Prometheus texts as one: each metric once, with everybody's samples, as the format demands. */
export function mergeMetrics(texts: readonly string[]): string {
  const metrics = new Map<string, { head: string[]; samples: string[] }>();
  for (const text of texts) {
    let metric = { head: [] as string[], samples: [] as string[] };
    let isNew = false;
    for (const line of text.split('\n')) {
      const name = /^# HELP (\S+)/.exec(line)?.[1];
      if (name !== undefined) {
        isNew = !metrics.has(name);
        if (isNew) metrics.set(name, { head: [], samples: [] });
        metric = metrics.get(name)!;
      }
      if (line.startsWith('#')) {
        if (isNew) metric.head.push(line);
      } else if (line !== '') metric.samples.push(line);
    }
  }
  return [...metrics.values()].map(({ head, samples }) => `${[...head, ...samples].join('\n')}\n`).join('\n');
}
