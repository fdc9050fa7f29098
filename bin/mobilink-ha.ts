#!/usr/bin/env node
import { App } from 'aws-cdk-lib';
import { compose } from './compose';

compose(new App());
