import type { AttributeValue, PutItemCommandInput, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { fromItem, toItem } from '../../lambda/records/item';

type Item = Record<string, AttributeValue>;
type Conditional = Pick<PutItemCommandInput, 'ConditionExpression' | 'ExpressionAttributeValues'>;

/** A table of one item that honours the condition expressions which the tracker writes, and refuses any other. */
export class MemoryTable {
  public item: Item | undefined;
  /** Every version that was ever stored. */
  public readonly versions: Record<string, unknown>[] = [];

  constructor(private readonly honoursConditions = true) {}

  /** @returns whether the condition held and the item was stored. */
  public put(input: Conditional & { Item?: Item }): boolean {
    if (!this.holds(input)) return false;
    this.store(input.Item ?? {});
    return true;
  }

  public update(input: Conditional & Pick<UpdateItemCommandInput, 'UpdateExpression'>): boolean {
    if (!this.holds(input)) return false;
    const assignments = input.UpdateExpression?.replace(/^SET /, '').split(', ') ?? [];
    const changes = assignments.map((assignment) => {
      const [name = '', placeholder = ''] = assignment.split(' = ');
      const value = input.ExpressionAttributeValues?.[placeholder];
      if (value === undefined) throw new Error(`the update uses ${placeholder} and does not bring it`);
      return [name, value] as const;
    });
    this.store({ ...this.item, ...Object.fromEntries(changes) });
    return true;
  }

  private store(item: Item): void {
    this.item = item;
    this.versions.push(fromItem(item));
  }

  private holds({ ConditionExpression, ExpressionAttributeValues }: Conditional): boolean {
    if (!this.honoursConditions) return true;
    if (ConditionExpression === undefined) throw new Error('a write without a condition');
    return ConditionExpression.split(' AND ').every((clause) => {
      const missing = /^attribute_not_exists\((\w+)\)$/.exec(clause);
      if (missing?.[1]) return this.item?.[missing[1]] === undefined;
      const [name = '', placeholder = ''] = clause.split(' = ');
      const wanted = ExpressionAttributeValues?.[placeholder];
      if (wanted === undefined) throw new Error(`the condition uses ${placeholder} and does not bring it`);
      return JSON.stringify(this.item?.[name]) === JSON.stringify(wanted);
    });
  }
}

/** A record as the table holds it. */
export function stored(record: object): Item {
  return toItem(record);
}
