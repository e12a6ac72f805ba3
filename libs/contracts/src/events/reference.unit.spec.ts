import { describe, expect, it } from '@jest/globals';
import { Declarations } from '../testing/declarations.js';
import { ReferencePage } from '../testing/reference-page.js';

const page = new ReferencePage('events');
const sources = new Declarations([
  ...['request', 'environment', 'snapshot', 'resource', 'handler', 'content'].map((noun) => `events/${noun}.events.ts`),
  'live.ts',
]);

describe('the reference of events', () => {
  it.each([
    ['RequestEvent', 'A request'],
    ['EnvironmentEvent', 'An environment'],
    ['PartitionEvent', 'A partition'],
    ['HandlerEvent', 'A handler'],
    ['SnapshotEvent', 'A snapshot'],
    ['ContentEvent', 'Content'],
    ['ResourceEvent', 'A storage, database or instance'],
  ])('tells each %s with its fields, and none that is not there', (union, heading) => {
    expect(page.table(heading, 'event', 2)).toEqual(sources.membersOf(union, 'data'));
  });

  it.each([
    ['ClientFrame', 'a client sends'],
    ['ServerFrame', 'the gateway sends'],
  ])('tells each %s of the WebSocket with its fields, and none that is not there', (union, header) => {
    expect(page.table('On the WebSocket', header, 1)).toEqual(sources.membersOf(union));
  });

  it('tells every field of an action', () => {
    expect(page.named('On the WebSocket', 'an action has').toSorted()).toEqual(sources.fieldsOf('ActionFrame'));
  });

  it('tells every field that an event is shown with', () => {
    const fields = sources.fieldsOf('EventView').map((field) => field.replace('?', ''));
    expect(page.named('', 'field').toSorted()).toEqual(fields);
  });
});
