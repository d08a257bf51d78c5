import type { Route } from '@soroka/api';
import type { Sender, SenderRoute } from '../connections/connections.ts';
import type { Template } from '../templates/templates.ts';
import type { NewNotification, NewStep, Refusal } from './contract.ts';

/** One route of one message, with everything that its sending needs resolved at acceptance. */
export interface StepPlan {
  route: Route;
  provider: 'notify' | 'community';
  connectionId: number;
  laneId: number;
  groupId: string;
  /** Of a call without an answer to a network that does not drop repeats. */
  onUnknown: 'resend' | 'stop';
  timeoutSeconds?: number;
  success?: NewStep['success'];
}

/** What a provider can report on a network; nothing is invented (gateway.md, Statuses). */
function reportable(route: SenderRoute): readonly NewStep['success'][] {
  if (route.provider === 'notify') return ['SENT', 'DELIVERED', 'READ'];
  return route.network === 'vk' ? ['SENT', 'READ'] : ['SENT'];
}

/** Chooses the routes of a message in the order of use. A route without a group in the template or without a provider of the sender is never used. */
export function planSteps(
  item: Pick<NewNotification, 'routes' | 'steps'>,
  sender: Sender,
  template: Template,
  laneIdOf: (route: SenderRoute) => number,
): { ok: true; steps: readonly StepPlan[] } | { ok: false; refusal: Refusal } {
  const wanted: readonly NewStep[] = item.steps ?? (item.routes ?? template.routes).map((route) => ({ route }));
  const steps: StepPlan[] = [];
  for (const [index, step] of wanted.entries()) {
    const route = sender.routes.find((candidate) => candidate.route === step.route);
    if (route === undefined || !template.routes.includes(step.route)) continue;
    const isLast = index === wanted.length - 1;
    const success = step.success ?? (step.timeoutSeconds === undefined || isLast ? undefined : 'DELIVERED');
    if (success !== undefined && !reportable(route).includes(success)) {
      const message = `${route.provider} on ${step.route} cannot report ${success}: use one of ${reportable(route).join(', ')}`;
      return { ok: false, refusal: { key: 'steps.invalid', field: `steps[${index}].success`, message } };
    }
    steps.push({
      route: step.route,
      provider: route.provider,
      connectionId: route.connectionId,
      laneId: laneIdOf(route),
      groupId: route.groupId,
      onUnknown: template.unknownOutcome,
      ...(step.timeoutSeconds === undefined ? {} : { timeoutSeconds: step.timeoutSeconds }),
      ...(success === undefined ? {} : { success }),
    });
  }
  if (steps.length > 0) return { ok: true, steps };
  const field = item.steps === undefined ? 'routes' : 'steps';
  const message = `none of ${wanted.map((step) => step.route).join(', ')} has a group for this sender and template`;
  return { ok: false, refusal: { key: 'routes.invalid', field, message } };
}
