import type { DriftedField, IgnoredDifference, ResourceDrift } from '@slipway/contracts';

/** What is not counted: of which keys, and which of their fields. */
interface Rule {
  written: string;
  key: RegExp;
  field: RegExp;
}

/**
 * A rule as it is written: a field (`mode`), a key (`storage/shop-data`), or both (`storage/*:owner`). `*` stands for any text; a field
 * means what stands below it too.
 */
function ruleOf(written: string): Rule {
  const [key, field = '*'] = written.includes('/') ? written.split(':', 2) : ['*', written];
  return { written, key: pattern(key!), field: pattern(field, '(\\..*)?') };
}

const pattern = (text: string, rest = ''): RegExp =>
  new RegExp(
    `^${text
      .split('*')
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}${rest}$`,
  );

/** What of the drift counts, and what does not and why. Of something extra only a rule for its key, whatever the field, is one. */
export function ignoring(
  items: readonly ResourceDrift[],
  rules: readonly string[],
): { items: ResourceDrift[]; ignored: IgnoredDifference[] } {
  const parsed = rules.map(ruleOf);
  const ignored: IgnoredDifference[] = [];
  const left = items.flatMap((item): ResourceDrift[] => {
    const byRule = (field: string) => parsed.find((rule) => rule.key.test(item.key) && rule.field.test(field));
    if (item.drift === 'extra') {
      const rule = parsed.find(({ written, key }) => written.includes('/') && !written.includes(':') && key.test(item.key));
      if (rule) ignored.push({ key: item.key, field: 'extra', rule: rule.written });
      return rule ? [] : [item];
    }
    const counted: DriftedField[] = [];
    for (const difference of item.differences) {
      const rule = byRule(difference.field);
      if (rule) ignored.push({ key: item.key, ...difference, rule: rule.written });
      else counted.push(difference);
    }
    return counted.length > 0 ? [{ ...item, differences: counted }] : [];
  });
  return { items: left, ignored };
}
