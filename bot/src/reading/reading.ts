export { checkTemplate, contentOf, contentOfItem, variablesOf } from './content-field.ts';
export {
  durationField,
  durationMs,
  isVariable,
  itemField,
  numberField,
  oneOfField,
  regexField,
  textField,
  textsField,
  trueField,
  variableField,
} from './fields.ts';
export { below, type Item, isObject, kindOf, type Report, refuseUnknown } from './report.ts';
