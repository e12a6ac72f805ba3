import { describe, expect, test } from '@jest/globals';
import { capability, requirement, resolve, resource, selected } from './testing.js';

const versions = (major: number, count: number) => Array.from({ length: count }, (_, minor) => `${major}.${minor}.0`);
const single = { singleton: true };
/** What would be read as logic, or as the solver's own words. */
const FORMAL = /[∧∨¬⊥⊢⇒∀∃]|undefined|clause|lemma|level \d/;

/** A small company's repository: web applications in containers, on databases, with libraries between. */
const company = [
  ...versions(2, 6).map((version) => resource(`webshop@${version}`, ['catalogue@^3', 'payment@^1', 'tomcat@>=9'])),
  ...versions(3, 8).map((version) => resource(`catalogue@${version}`, ['search@^4', 'jackson@~2.15.0'])),
  ...versions(1, 5).map((version) => resource(`payment@${version}`, ['gateway-client@^5'])),
  ...versions(5, 4).map((version) => resource(`gateway-client@${version}`, ['jackson@>=2.16.0 <3.0.0'])),
  ...versions(4, 3).map((version) => resource(`search@${version}`, ['jackson@^2'])),
  ...versions(2, 20).map((version) => resource(`jackson@${version}`, [], single)),
  ...versions(9, 3).map((version) => resource(`tomcat@${version}`, [requirement('java;(version>=17)')])),
  resource('jre', [], { capabilities: [capability('java', { version: '21.0.0' })] }),
];

const told = (repository: typeof company): string[] => {
  const text = selected(resolve(['webshop'], repository)) as string;
  expect(text).not.toMatch(FORMAL);
  return text.split('\n');
};

describe('an explanation of a failure in a repository as they are', () => {
  test('begins with the clash, with one way to each side of it, and tells of all versions at once', () => {
    expect(told(company)).toEqual([
      'There can be only one version of jackson, and more than one is needed. (webshop@2.5.0 → catalogue@3.7.0 → jackson@2.15.0 and webshop@2.5.0 → payment@1.4.0 → gateway-client@5.3.0 → jackson@2.19.0)',
      '- Suppose jackson 2.15.0 is there:',
      '- There can be only one version of jackson: jackson 2.16.0 to 2.19.0 cannot be there.',
      '- every version of gateway-client (5.0.0 to 5.3.0) needs jackson@>=2.16.0 <3.0.0, and jackson 2.16.0 to 2.19.0 cannot be there: no version of gateway-client (5.0.0 to 5.3.0) can be there.',
      '- every version of payment (1.0.0 to 1.4.0) needs gateway-client@^5, and no version of gateway-client (5.0.0 to 5.3.0) can be there: no version of payment (1.0.0 to 1.4.0) can be there.',
      '- every version of webshop (2.0.0 to 2.5.0) needs payment@^1, and no version of payment (1.0.0 to 1.4.0) can be there: no version of webshop (2.0.0 to 2.5.0) can be there.',
      '- webshop is asked for, and no version of webshop (2.0.0 to 2.5.0) can be there: that cannot be.',
      '- So jackson 2.15.0 is not there.',
      '- every version of catalogue (3.0.0 to 3.7.0) needs jackson@~2.15.0, and jackson 2.15.0 cannot be there: no version of catalogue (3.0.0 to 3.7.0) can be there.',
      '- every version of webshop (2.0.0 to 2.5.0) needs catalogue@^3, and no version of catalogue (3.0.0 to 3.7.0) can be there: no version of webshop (2.0.0 to 2.5.0) can be there.',
      '- webshop is asked for, and no version of webshop (2.0.0 to 2.5.0) can be there: that cannot be.',
      'It would do if several versions of jackson could be there side by side.',
      'It would do if there were something other than jackson@2.19.0, jackson@2.18.0, jackson@2.17.0 and jackson@2.16.0 that provides jackson@>=2.16.0 <3.0.0.',
      'It would do if there were something other than gateway-client@5.3.0, gateway-client@5.2.0, gateway-client@5.1.0 and gateway-client@5.0.0 that provides gateway-client@^5.',
    ]);
  });

  test('begins with what is missing, however many versions need it, and says no word of what has nothing to do with it', () => {
    const lines = told(company.filter(({ name }) => name !== 'jre'));
    expect(lines.slice(0, 3)).toEqual([
      'Nothing provides java (version>=17): no definition is called or offers that. (webshop@2.5.0 → tomcat@9.2.0)',
      '- every version of tomcat (9.0.0 to 9.2.0) needs java (version>=17), and nothing provides that: no version of tomcat (9.0.0 to 9.2.0) can be there.',
      '- every version of webshop (2.0.0 to 2.5.0) needs tomcat@>=9, and no version of tomcat (9.0.0 to 9.2.0) can be there: no version of webshop (2.0.0 to 2.5.0) can be there.',
    ]);
    expect(lines.join('\n')).not.toMatch(/catalogue|payment|search/);
  });

  test('says which versions there are where a range has none of them', () => {
    const old = company.filter(({ name, version }) => name !== 'jackson' || version.text < '2.15');
    expect(told(old)[0]).toMatch(
      /^Nothing provides jackson@.*; there are 2\.14\.0, 2\.13\.0.* and 2\.0\.0\. \(webshop@2\.5\.0 → /,
    );
  });
});
