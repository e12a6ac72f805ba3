import { HEADERS } from '../context.js';
import { MESSAGES } from '../messages.js';
import type { AskedMessage, ToldMessage } from '../messages/message.js';
import { SCHEMAS } from '../schemas.js';
import { RESOURCE_KINDS, type ServiceName } from '../services.js';

type Part = Record<string, unknown>;

const ref = (...path: string[]): Part => ({ $ref: `#/${path.join('/')}` });

/** Where answers come in: at the inbox that its sender names in the message (NATS’ reply subject). */
const ANSWERS = 'answers';

/** All that services tell and ask each other, as an AsyncAPI 3.0 document: `docs/reference/asyncapi.yaml`. */
export function asyncApi(): Part {
  const messages = [...MESSAGES.asked.map(askedChannel), ...MESSAGES.told.map(toldChannel)];
  const answers = [...new Set(MESSAGES.asked.map(({ answer }) => answer)), 'Cause'];
  const used = new Set([...messages.map(({ message: { body } }) => body ?? 'Nothing'), ...answers]);
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Slipway',
      version: '1',
      description:
        'What the services of a mesh tell and ask each other over NATS. Bodies are bare JSON, every header may be left out; docs/reference/messages.md says more.',
    },
    defaultContentType: 'application/json',
    channels: {
      ...Object.fromEntries(messages.map(({ id, channel }) => [id, channel])),
      [ANSWERS]: { address: null, description: 'The reply subject of what was asked', messages: byName(answers) },
    },
    operations: Object.fromEntries(messages.flatMap(operations)),
    components: {
      messages: Object.fromEntries([...used].toSorted().map((name) => [name, componentOf(name)])),
      schemas: Object.fromEntries(
        [...used]
          .filter((name) => name in SCHEMAS)
          .toSorted()
          .map((name) => [name, schemaOf(name)]),
      ),
      messageTraits: { context: { headers: headers() } },
    },
  };
}

interface Channel {
  id: string;
  message: AskedMessage | ToldMessage;
  channel: Part;
}

function askedChannel(message: AskedMessage): Channel {
  const { verb, handlers } = message;
  const atPlaces = handlers.every((handler) => (RESOURCE_KINDS as readonly ServiceName[]).includes(handler));
  const service = handlers.length > 1 ? '<service>' : handlers[0]!;
  const subject = `slipway.<mesh>.${service}${atPlaces ? '.<location>' : ''}.${verb}`;
  return { id: `${atPlaces ? 'places' : handlers.join('-')}.${verb}`, message, channel: channelAt(subject, message, handlers) };
}

function toldChannel(message: ToldMessage): Channel {
  const { subject, senders } = message;
  const id = subject.replace('slipway.<mesh>.', '').replaceAll(/[<>]/g, '');
  return { id, message, channel: channelAt(subject, message, senders) };
}

/** `services`: those that `<service>` in the subject can be. */
function channelAt(subject: string, { description, body }: AskedMessage | ToldMessage, services: readonly ServiceName[]): Part {
  const parameters = [...subject.matchAll(/<(\w+)>/g)].map(([, name]) => [
    name,
    name === 'service' ? { enum: [...services] } : {},
  ]);
  return {
    address: subject.replaceAll('<', '{').replaceAll('>', '}'),
    description,
    parameters: Object.fromEntries(parameters) as Part,
    messages: byName([body ?? 'Nothing']),
  };
}

/** One for each service that sends it, and one for each that handles it. */
function operations({ id, message }: Channel): [string, Part][] {
  const { senders, handlers, description, body } = message;
  const channel = ref('channels', id);
  const common = { channel, summary: description, messages: [ref('channels', id, 'messages', body ?? 'Nothing')] };
  const reply = 'answer' in message && { reply: replyOf(message) };
  const of = (service: ServiceName, action: 'send' | 'receive'): [string, Part] => [
    `${service}.${action}.${id}`,
    { action, ...common, ...reply, tags: [{ name: service }] },
  ];
  return [...senders.map((service) => of(service, 'send')), ...handlers.map((service) => of(service, 'receive'))];
}

const replyOf = ({ answer }: AskedMessage): Part => ({
  channel: ref('channels', ANSWERS),
  messages: [answer, 'Cause'].map((name) => ref('channels', ANSWERS, 'messages', name)),
});

const byName = (names: readonly string[]): Part =>
  Object.fromEntries(names.map((name) => [name, ref('components', 'messages', name)]));

const componentOf = (name: string): Part => ({
  name,
  traits: [ref('components', 'messageTraits', 'context')],
  ...(name in SCHEMAS && { payload: ref('components', 'schemas', name) }),
});

const schemaOf = (name: string): Part => structuredClone(SCHEMAS[name as keyof typeof SCHEMAS]);

const headers = (): Part => ({
  type: 'object',
  properties: Object.fromEntries(Object.values(HEADERS).map((header) => [header, { type: 'string' }])),
});
