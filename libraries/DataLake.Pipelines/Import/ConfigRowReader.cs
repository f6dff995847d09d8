using System.Globalization;
using System.Text;
using DataLake.Contracts;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Import;

/// <summary>Reads what one row means, and finds all that is wrong with it.</summary>
internal sealed class ConfigRowReader(ConfigRow row, ConfigImportOptions options, List<ConfigImportProblem> problems)
{
    private const int LongestName = 63;
    private const int MostChunks = 1000;
    private bool isGood = true;

    /// <summary>What the row means, or null where it is refused.</summary>
    public ImportedTable? Read()
    {
        var table = ReadTable();
        var loadDate = row[ConfigColumn.LoadDate];
        if (loadDate.Length > 0)
        {
            ReadTime(ConfigColumn.LoadDate);
        }

        var window = ReadWindow();
        var chunks = ReadChunks();
        return isGood && table is not null ? new ImportedTable(row, table, window, chunks) : null;
    }

    private TableName? ReadTable()
    {
        var name = row[ConfigColumn.TableName];
        if (!IsUsableName(ConfigColumn.TableName))
        {
            return null;
        }

        // One part or two: what can still be given a schema has none yet. What is no name at all is taken letter by letter.
        return TableName.TryParse($"x.{name}") is { } single ? new TableName(options.Schema, single.Name)
            : TableName.TryParse(name) ?? new TableName(options.Schema, name);
    }

    private ImportedWindow? ReadWindow()
    {
        if (row[ConfigColumn.WindowDbColumn].Equals("full_load", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (row[ConfigColumn.WindowDbColumn].Length == 0)
        {
            Refuse(ConfigColumn.WindowDbColumn, "is empty; write the column that windows are cut by, or full_load");
        }
        else
        {
            IsUsableName(ConfigColumn.WindowDbColumn);
        }

        var start = ReadTime(ConfigColumn.LoadWindowStart);
        var stop = ReadTime(ConfigColumn.LoadWindowStop);
        if (start >= stop)
        {
            Refuse(ConfigColumn.LoadWindowStop, "is not after load_window_start; a window has to start before it stops");
        }
        else if (start is not null && stop is not null && ((stop - start).Value.Ticks % TimeSpan.TicksPerSecond != 0 || stop - start > DurationText.Longest))
        {
            Refuse(ConfigColumn.LoadWindowStop,
                $"makes a window that is not whole seconds, or longer than {DurationText.Format(DurationText.Longest)}");
        }

        return isGood && start is not null && stop is not null ? new ImportedWindow(row[ConfigColumn.WindowDbColumn], start.Value, stop.Value) : null;
    }

    private ChunkingDefinition.Bounds? ReadChunks()
    {
        if (row[ConfigColumn.PartitionByCol].Length == 0)
        {
            return null;
        }

        var isName = IsUsableName(ConfigColumn.PartitionByCol);
        var lower = ReadNumber(ConfigColumn.LowerBound, long.MinValue, long.MaxValue);
        var upper = ReadNumber(ConfigColumn.UpperBound, long.MinValue, long.MaxValue);
        var count = ReadNumber(ConfigColumn.NumPartitions, 1, MostChunks);
        if (lower >= upper)
        {
            Refuse(ConfigColumn.UpperBound, $"({upper}) is not more than lower_bound ({lower})");
        }

        return isName && lower is not null && upper is not null && count is not null
            ? new ChunkingDefinition.Bounds(row[ConfigColumn.PartitionByCol], lower.Value, upper.Value, (int)count.Value)
            : null;
    }

    private DateTime? ReadTime(ConfigColumn column)
    {
        if (ConfigTime.TryParse(row[column], out var time))
        {
            return time;
        }

        Refuse(column, $"({Shown.Value(row[column])}) is no time; write for example 2018-11-04 00:00:00");
        return null;
    }

    private long? ReadNumber(ConfigColumn column, long least, long most)
    {
        if (long.TryParse(row[column], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        Refuse(column, $"({Shown.Value(row[column])}) is not a whole number{(least == long.MinValue ? "" : $" from {least} to {most}")}");
        return null;
    }

    private bool IsUsableName(ConfigColumn column)
    {
        var name = row[column];
        var isUsable = name.Length is > 0 and <= LongestName
            && name.EnumerateRunes().All(rune =>
                rune != Rune.ReplacementChar && !Rune.IsControl(rune) && rune.Value is not (0x2028 or 0x2029 or 0xFEFF));
        if (!isUsable)
        {
            Refuse(column, $"is not the name of a table or column: it has to be 1 to {LongestName} characters of plain text");
        }

        return isUsable;
    }

    private void Refuse(ConfigColumn column, string message)
    {
        isGood = false;
        problems.Add(new ConfigImportProblem(row.Line, $"{ConfigRow.NameOf(column)} {message}"));
    }
}
