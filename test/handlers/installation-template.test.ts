import { describe, expect, it } from 'vitest';
import { agrees, normalPolicy, type Scope, textOf } from '../../handlers/installation/template.ts';

const scope: Scope = {
  account: '111122223333',
  region: 'us-east-1',
  partition: 'aws',
  resources: new Map([
    ['Ledger', { type: 'AWS::DynamoDB::Table', physical: 'cordon-ledger' }],
    ['Mails', { type: 'AWS::SNS::Topic', physical: 'arn:aws:sns:us-east-1:111122223333:cordon-mails' }],
  ]),
};
const ledgerArn = { 'Fn::GetAtt': ['Ledger', 'Arn'] };
const index = { 'Fn::Join': ['', [ledgerArn, '/index/*']] };
const policy = (Resource: unknown, Action: unknown = ['dynamodb:GetItem', 'dynamodb:Query']) =>
  normalPolicy({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] });
const TABLE = 'arn:aws:dynamodb:us-east-1:111122223333:table/cordon-ledger';

describe('what was deployed and what is there', () => {
  it.each([
    ['a reference', { Ref: 'Ledger' }, 'cordon-ledger', true],
    ['a reference to something else', { Ref: 'Ledger' }, 'other', false],
    ['an ARN', ledgerArn, TABLE, true],
    ['the ARN of another table', ledgerArn, `${TABLE}-2`, false],
    [
      'an ARN that is its own physical id',
      { 'Fn::GetAtt': ['Mails', 'Arn'] },
      'arn:aws:sns:us-east-1:111122223333:cordon-mails',
      true,
    ],
    ['parts put together', index, `${TABLE}/index/*`, true],
    ['parts with something behind them', index, `${TABLE}/index/*x`, false],
    [
      'account and Region',
      { 'Fn::Join': [':', ['x', { Ref: 'AWS::AccountId' }, { Ref: 'AWS::Region' }]] },
      'x:111122223333:us-east-1',
      true,
    ],
    ['the account of somebody else', { 'Fn::Join': [':', ['x', { Ref: 'AWS::AccountId' }]] }, 'x:999988887777', false],
    ['a number', 60, '60', true],
  ])('%s', (_, expected, actual, same) => {
    expect(agrees(expected, actual, scope)).toBe(same);
  });

  it('policies agree whatever stands first, and one or a list of one', () => {
    expect(
      agrees(
        policy([ledgerArn, index]),
        policy([`${TABLE}/index/*`, TABLE], ['dynamodb:Query', 'dynamodb:GetItem']),
        scope,
      ),
    ).toBe(true);
    expect(agrees(policy(ledgerArn, 'dynamodb:Query'), policy([TABLE], ['dynamodb:Query']), scope)).toBe(true);
  });

  it.each([
    ['an action more', policy([TABLE], ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:DeleteItem'])],
    ['an action less', policy([TABLE], ['dynamodb:GetItem'])],
    ['another action', policy([TABLE], ['dynamodb:GetItem', 'dynamodb:*'])],
    ['a wider resource', policy(['*'])],
    ['a statement more', [...(policy([TABLE]) as unknown[]), ...(policy(['*'], 'iam:*') as unknown[])]],
  ])('policies with %s do not agree', (_, live) => {
    expect(agrees(policy(ledgerArn), live, scope)).toBe(false);
  });

  it('is told as text, with what cannot be told left open', () => {
    expect(textOf(index, scope)).toBe(`${TABLE}/index/*`);
    expect(textOf({ 'Fn::ImportValue': 'x' }, scope)).toBe('*');
  });
});
