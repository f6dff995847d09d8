using DataLake.Contracts;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Shapes;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Parsing;

/// <summary>Makes the definition of a pipeline from its keys, and checks the rules between them.</summary>
internal sealed class PipelineBuilder(MappingReader pipeline, ProblemList problems)
{
    /// <summary>The definition, or null where something it cannot do without is missing or unusable.</summary>
    public PipelineDefinition? Build()
    {
        var zone = pipeline.Get(PipelineKeys.TimeZone, TimeZoneInfo.Utc);
        var shared = pipeline.TryGet(PipelineKeys.Defaults, out var defaults) ? defaults : null;
        var tables = new List<TableDefinition>();
        foreach (var table in pipeline.Get(PipelineKeys.Tables, []))
        {
            if (new TableBuilder(table.Value, shared, pipeline, zone, problems).Build() is { } definition)
            {
                tables.Add(definition);
            }
        }

        CheckTablesDiffer();
        var notify = BuildNotify(tables);
        if (!pipeline.IsComplete || !pipeline.Required(PipelineKeys.Source).IsComplete)
        {
            return null;
        }

        var source = pipeline.Required(PipelineKeys.Source);
        return new PipelineDefinition(
            pipeline.Required(PipelineKeys.Name),
            new SourceDefinition(
                source.Required(PipelineKeys.Connection),
                source.TryGet(PipelineKeys.Replica, out var replica) ? replica : null,
                (int)source.Get(PipelineKeys.MaxConnections, DefinitionDefaults.MaxConnections),
                (int)source.Get(PipelineKeys.MaxRuns, DefinitionDefaults.MaxRuns),
                LimitKeys.Of(source)),
            zone,
            pipeline.TryGet(PipelineKeys.MaskKey, out var maskKey) ? maskKey : null,
            tables,
            notify,
            pipeline.Get(PipelineKeys.OneInstant, false));
    }

    private void CheckTablesDiffer()
    {
        var lines = new Dictionary<TableName, int>();
        foreach (var table in pipeline.Get(PipelineKeys.Tables, []).Select(table => table.Value))
        {
            if (table.TryGet(TableKeys.Table, out var name) && !lines.TryAdd(name, table.AtOf(TableKeys.Table).Line))
            {
                problems.Add(table.AtOf(TableKeys.Table),
                    $"table {name} stands in this pipeline a second time (first on line {lines[name]}); keep one");
            }
        }
    }

    private List<NotifyRule> BuildNotify(List<TableDefinition> tables)
    {
        var rules = new List<NotifyRule>();
        foreach (var rule in pipeline.Get(PipelineKeys.Notify, []).Select(rule => rule.Value))
        {
            IReadOnlyList<Placed<TableName>>? named = rule.TryGet(NotifyKeys.Tables, out var found) ? found : null;
            CheckNamedTables(named);
            var channels = new List<NotifyChannel>();
            if (rule.Get(NotifyKeys.Log, false))
            {
                channels.Add(new LogChannel());
            }

            if (rule.TryGet(NotifyKeys.Smtp, out var smtp))
            {
                channels.Add(smtp);
            }

            if (rule.TryGet(NotifyKeys.Webhook, out var webhook))
            {
                channels.Add(webhook);
            }

            if (channels.Count == 0 && rule.Has(NotifyKeys.Log) && !rule.Has(NotifyKeys.Smtp) && !rule.Has(NotifyKeys.Webhook))
            {
                problems.Add(rule.AtOf(NotifyKeys.Log), "this rule tells nobody; write log: true, or add smtp or webhook");
            }

            var events = rule.Get(NotifyKeys.On, []);
            var built = new NotifyRule([.. events.Select(item =>
                item.Value)], named is null ? null : [.. named.Select(item => item.Value)], channels);
            CheckLate(built, events, tables);
            rules.Add(built);
        }

        return rules;
    }

    private void CheckNamedTables(IReadOnlyList<Placed<TableName>>? named)
    {
        var known = new HashSet<TableName>();
        foreach (var table in pipeline.Get(PipelineKeys.Tables, []))
        {
            if (table.Value.TryGet(TableKeys.Table, out var name))
            {
                known.Add(name);
            }
        }

        foreach (var table in (named ?? []).Where(table => !known.Contains(table.Value)))
        {
            var names = known.Select(name => name.ToString()).ToList();
            problems.Add(table.At,
                $"{Shown.Value(table.Value.ToString())} is not a table of this pipeline{NearestName.Advice(table.Value.ToString(), names)}");
        }
    }

    // A rule that can never speak is worse than none: somebody relies on it.
    private void CheckLate(NotifyRule rule, IReadOnlyList<Placed<NoticeEvent>> events, List<TableDefinition> tables)
    {
        var concerned = tables.Where(table => rule.Covers(table.Table, NoticeEvent.Late)).ToList();
        if (concerned.Count > 0 && concerned.TrueForAll(table => table.LateAfter is null))
        {
            problems.Add(events.First(item => item.Value == NoticeEvent.Late).At,
                "no table of this rule can be late; give one 'late_after', for example late_after: 15m");
        }
    }
}
