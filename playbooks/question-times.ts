import * as z from 'zod';

const minutes = z.coerce.number().int().min(1).max(525_600);

/**
 * How long a question waits, in minutes from when it was asked: until somebody is reminded, until it is escalated, and until
 * its time is up. A wait of Step Functions lasts a year at most.
 * https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
export const questionTimes = z
  .object({ remindAfter: minutes, escalateAfter: minutes, answerWithin: minutes })
  .refine(
    ({ remindAfter, escalateAfter, answerWithin }) => remindAfter < escalateAfter && escalateAfter < answerWithin,
    {
      error: 'remindAfter must be less than escalateAfter, and that less than answerWithin',
    },
  );
export type QuestionTimes = z.infer<typeof questionTimes>;

/** What holds where a deployment says nothing: reminded after an hour, escalated after four, open for a day. */
export const defaultQuestionTimes: QuestionTimes = { remindAfter: 60, escalateAfter: 240, answerWithin: 1440 };
