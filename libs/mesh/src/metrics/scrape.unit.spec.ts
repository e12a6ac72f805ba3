import { afterEach, expect, test } from '@jest/globals';
import { metricsSubject, systemClock } from '@slipway/contracts';
import { Registry } from 'prom-client';
import { LocalBus } from '../testing/local-bus.js';
import { counter } from './metrics.js';
import { answerScrapes, mergeMetrics, scrapeOthers } from './scrape.js';

const mesh = 'test';
const clock = systemClock;
const ends: (() => void)[] = [];
afterEach(() => ends.splice(0).forEach((end) => end()));

/** A process with one figure, which answers. */
function aProcess(bus: LocalBus, process: string, steps: number): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ process });
  counter(registry, { name: 'steps_total', help: 'Steps', labelNames: ['verb'] }).inc({ verb: 'ensure' }, steps);
  ends.push(answerScrapes({ mesh, bus, registry, from: process }));
  return registry;
}

test('figures of all other processes are gathered and told as one, each metric once and everybody by name', async () => {
  const bus = new LocalBus({ mesh, clock });
  const own = aProcess(bus, 'one-gateway', 1);
  aProcess(bus, 'one-storage', 2);
  aProcess(bus, 'two-storage', 3);
  const others = await scrapeOthers({ mesh, bus, clock, from: 'one-gateway' });
  expect(others).toHaveLength(2);
  const text = mergeMetrics([await own.metrics(), ...others]);
  expect(text.split('\n').filter((line) => line.startsWith('# TYPE'))).toEqual(['# TYPE steps_total counter']);
  expect(text.split('\n').filter((line) => line.startsWith('steps_total'))).toEqual([
    'steps_total{verb="ensure",process="one-gateway"} 1',
    'steps_total{verb="ensure",process="one-storage"} 2',
    'steps_total{verb="ensure",process="two-storage"} 3',
  ]);
});

test('without NATS there are none, at once', async () => {
  const bus = new LocalBus({ mesh, clock });
  aProcess(bus, 'one-storage', 2);
  bus.disconnect();
  expect(await scrapeOthers({ mesh, bus, clock, from: 'one-gateway' })).toEqual([]);
});

test('asks and answers that make no sense are passed over', async () => {
  const bus = new LocalBus({ mesh, clock });
  aProcess(bus, 'one-storage', 2);
  const heard: string[] = [];
  ends.push(bus.subscribe(`slipway.${mesh}.metrics.>`, (_body, subject) => heard.push(subject)));
  for (const body of [null, 7, {}, { id: 'a.b' }, { id: '>' }, { id: 'fine', from: 'one-storage' }])
    bus.publish(metricsSubject(mesh), body);
  const gathered = scrapeOthers({ mesh, bus, clock, from: 'one-gateway' });
  await new Promise((resolve) => setTimeout(resolve, 50));
  const [subject] = heard;
  for (const body of [null, 7, {}, { text: 7 }]) bus.publish(subject!, body);
  expect(await gathered).toHaveLength(1);
  expect(new Set(heard).size).toBe(1);
});
