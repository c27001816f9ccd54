/**
 * A dashboard as Grafana 12.3 declares it, with the options and queries of the kinds of panels that we draw put where
 * Grafana itself says "anything". `npm install && npm run generate` makes dashboard.schema.json of it.
 */
import * as common from '@grafana/schema';
import * as dashboard from '@grafana/schema/dist/types/raw/dashboard/x/dashboard_types.gen';
import * as elasticsearch from '@grafana/schema/dist/types/raw/composable/elasticsearch/dataquery/x/ElasticsearchDataQuery_types.gen';
import * as bargauge from '@grafana/schema/dist/types/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import * as logs from '@grafana/schema/dist/types/raw/composable/logs/panelcfg/x/LogsPanelCfg_types.gen';
import * as stat from '@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import * as statetimeline from '@grafana/schema/dist/types/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import * as table from '@grafana/schema/dist/types/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import * as timeseries from '@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** What we say in a query to Prometheus. */
interface PrometheusQuery extends Omit<common.DataQuery, 'datasource'> {
  datasource: Source<'prometheus'>;
  expr: string;
  format: 'time_series' | 'table';
  instant: boolean;
  range: boolean;
  legendFormat?: string;
}

interface ElasticsearchQuery extends Omit<elasticsearch.ElasticsearchDataQuery, 'datasource' | 'metrics' | 'bucketAggs'> {
  datasource: Source<'elasticsearch'>;
  metrics: Array<elasticsearch.Logs | elasticsearch.RawData | elasticsearch.Count>;
  bucketAggs: Array<elasticsearch.DateHistogram | elasticsearch.Terms>;
}

interface Source<Type extends string> {
  type: Type;
  uid: string;
}

interface FieldConfigSource<Custom> extends Omit<dashboard.FieldConfigSource, 'defaults'> {
  defaults: Omit<dashboard.FieldConfig, 'custom'> & { custom?: Custom };
}

interface PanelOf<Type extends string, Options, Custom, Query>
  extends Omit<dashboard.Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> {
  type: Type;
  options: Options;
  fieldConfig: FieldConfigSource<Custom>;
  targets: Query[];
}

type Panel =
  | PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig, PrometheusQuery>
  | PanelOf<'stat', stat.Options, {}, PrometheusQuery>
  | PanelOf<'bargauge', bargauge.Options, {}, PrometheusQuery>
  | PanelOf<'table', table.Options, table.FieldConfig, PrometheusQuery>
  | PanelOf<'state-timeline', statetimeline.Options, statetimeline.FieldConfig, PrometheusQuery>
  | PanelOf<'logs', logs.Options, {}, ElasticsearchQuery>;

/** Prometheus' annotations have two templates beside. */
interface AnnotationQuery extends Omit<dashboard.AnnotationQuery, 'target'> {
  target?: dashboard.AnnotationTarget | PrometheusQuery;
  titleFormat?: string;
  textFormat?: string;
}

export interface Dashboard extends Omit<dashboard.Dashboard, 'panels' | 'annotations'> {
  annotations: { list: AnnotationQuery[] };
  panels: Array<Panel | dashboard.RowPanel>;
}
