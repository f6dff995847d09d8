using DataLake.Contracts;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Import;
using DataLake.Pipelines.Parsing;
using DataLake.Pipelines.Schedules;
using DataLake.Pipelines.Tests.Support;
using FsCheck;
using FsCheck.Fluent;

namespace DataLake.Pipelines.Tests.Import;

public class ConfigTableTests
{
    private const string Header = "job_name,load_date,load_window_start,load_window_stop,job_flow_id,job_status,output_dir,script_source,"
        + "database_name,table_name,window_db_column,partition_by_col,lower_bound,upper_bound,num_partitions";

    private const string Deposit = "deposit,11/5/18,2018-11-04 00:00:000,2018-11-05 00:00:000,j-0000000000000,PENDING,s3://my-bucketholder/RAW/,"
        + "s3://my-bucketholder/spark/ingest_on_prem_db_tables.py,spark,cfn_s3_sprk_1_deposits,shipmt_date_tstmp,quarter, 1, 1000, 10";

    private const string Loan = "loan,,,,,PENDING,s3://b/,s3://b/x.py,spark,loans,full_load,,,,";

    private static readonly ConfigImportOptions Options = new();

    [Fact]
    public void A_row_becomes_a_table()
    {
        var pipeline = Import(Deposit);

        pipeline.Name.ShouldBe("imported");
        pipeline.Source.Connection.ToString().ShouldBe("env:DATALAKE_SOURCE");
        var table = pipeline.Tables.ShouldHaveSingleItem();
        table.Table.ShouldBe(new TableName("public", "cfn_s3_sprk_1_deposits"));
        table.Cursor.ShouldBe(new CursorDefinition("shipmt_date_tstmp", pipeline.TimeZone));
        table.Window!.Length.ShouldBe(TimeSpan.FromDays(1));
        table.Start.ShouldBe(new DateTimeOffset(2018, 11, 4, 0, 0, 0, TimeSpan.Zero));
        table.Chunks.ShouldBe(new ChunkingDefinition.Bounds("quarter", 1, 1000, 10));
        table.Schedule.Text.ShouldBe("rate(1 day)");
        table.Write.ShouldBe(WriteMode.Append);
    }

    [Fact]
    public void A_comment_says_which_job_a_table_comes_from() =>
        ConfigTable.Import(Deposit, Options).Yaml.ShouldNotBeNull().ShouldContain(
            "  # job deposit, status PENDING, output s3://my-bucketholder/RAW/, script s3://my-bucketholder/spark/ingest_on_prem_db_tables.py, database spark\n"
            + "  - table: public.cfn_s3_sprk_1_deposits\n    cursor: shipmt_date_tstmp\n    window: 1d\n    start: 2018-11-04\n"
            + "    chunks: { column: quarter, lower: 1, upper: 1000, count: 10 }\n");

    [Fact]
    public void A_full_load_has_no_window()
    {
        var table = Import(Loan).Tables.ShouldHaveSingleItem();
        table.Cursor.ShouldBeNull();
        table.Window.ShouldBeNull();
        table.Write.ShouldBe(WriteMode.Replace);
    }

    [Fact]
    public void What_the_table_does_not_say_comes_from_the_options()
    {
        var options = new ConfigImportOptions
        {
            PipelineName = "legacy",
            Connection = SecretReference.Parse("ssm:/lake/source"),
            Schedule = Schedule.Parse("0 6 * * *"),
            TimeZone = DifficultZones.NewYork,
            Schema = "Odd Schema",
        };
        var pipeline = PipelineParser.Parse(ConfigTable.Import(Deposit, options).Yaml!, "p.yaml").Pipeline!;

        pipeline.Name.ShouldBe("legacy");
        pipeline.Source.Connection.ShouldBe(options.Connection);
        pipeline.Tables[0].Schedule.ShouldBe(options.Schedule);
        pipeline.Tables[0].Table.ShouldBe(new TableName("Odd Schema", "cfn_s3_sprk_1_deposits"));
        pipeline.Tables[0].Start.ShouldBe(DateTimeOffset.Parse("2018-11-04T04:00:00Z", null));
    }

    [Theory]
    [InlineData("\uFEFF{0}\r\n{1}\r\n{2}\r\n")]
    [InlineData("{0}\n\n   \n{1}\n,,,,,,,,,,,,,,\n{2}")]
    [InlineData("{1}\r\n{2}")]
    public void Line_ends_marks_headers_and_blank_lines_make_no_difference(string format) =>
        Import(format.Replace("{0}", Header, StringComparison.Ordinal).Replace("{1}", Deposit, StringComparison.Ordinal).Replace("{2}", Loan, StringComparison.Ordinal))
            .Tables.Select(table => table.Table.Name).ShouldBe(["cfn_s3_sprk_1_deposits", "loans"]);

    [Fact]
    public void Quoted_fields_and_spaces_are_understood()
    {
        var table = Import("\"a \"\"job\"\", really\", 11/5/18 ,\"2018-11-04 00:00:00\", 2018-11-04T06:30 ,,,,,,  \"my,table\" , \"the column\" ,,,,").Tables.ShouldHaveSingleItem();
        table.Table.ShouldBe(new TableName("public", "my,table"));
        table.Cursor!.Column.ShouldBe("the column");
        table.Window!.Length.ShouldBe(new TimeSpan(6, 30, 0));
    }

    [Theory]
    [InlineData("| ", " |")]
    [InlineData("", "")]
    [InlineData("|", "")]
    public void A_pipe_table_is_understood(string before, string after)
    {
        string Row(string commas) => before + string.Join(" | ", commas.Split(',')) + after;
        var separator = before + string.Join("|", Enumerable.Repeat("---", 15)) + after;
        Import($"{Row(Header)}\n{separator}\n{Row(Deposit)}\n{Row(Loan)}\n").Tables.Count.ShouldBe(2);
    }

    [Fact]
    public void A_pipe_within_a_field_is_escaped() =>
        Import("| a\\|b" + string.Join("|", Deposit.Split(',').Skip(1).Prepend("")) + "|").Tables.Count.ShouldBe(1);

    [Theory]
    [InlineData(0, "", "")]
    [InlineData(1, "31/31/18", "load_date ('31/31/18') is no time")]
    [InlineData(2, "yesterday", "load_window_start ('yesterday') is no time; write for example 2018-11-04 00:00:00")]
    [InlineData(2, "2018-11-05 00:00:000", "load_window_stop is not after load_window_start")]
    [InlineData(2, "2018-11-04 00:00:00.5", "load_window_stop makes a window that is not whole seconds")]
    [InlineData(3, "", "load_window_stop (")]
    [InlineData(9, "", "table_name is not the name of a table")]
    [InlineData(10, "", "window_db_column is empty; write the column that windows are cut by, or full_load")]
    [InlineData(12, "1000", "upper_bound (1000) is not more than lower_bound (1000)")]
    [InlineData(12, "one", "lower_bound ('one') is not a whole number")]
    [InlineData(14, "0", "num_partitions ('0') is not a whole number from 1 to 1000")]
    public void A_row_that_is_wrong_is_refused_with_its_line(int column, string value, string expected)
    {
        var fields = Deposit.Split(',');
        fields[column] = value;
        var result = ConfigTable.Import($"{Header}\n{Loan}\n{string.Join(",", fields)}\n", Options);

        result.Succeeded.ShouldBe(expected.Length == 0);
        if (expected.Length > 0)
        {
            result.Problems.ShouldHaveSingleItem().ToString().ShouldStartWith($"line 3: {expected}");
        }
    }

    [Fact]
    public void All_refused_rows_are_told_at_once_and_the_good_ones_can_be_kept()
    {
        var text = $"{Deposit}\na,b,c\n{Deposit}\n\n{Loan.Replace("full_load", "changed", StringComparison.Ordinal)}\n\"open,quote\n{Loan}\n";

        var refused = ConfigTable.Import(text, Options);
        refused.Yaml.ShouldBeNull();
        refused.Problems.Select(problem => problem.Line).ShouldBe([2, 3, 5, 5, 6]);
        refused.Problems[1].Message.ShouldBe("table_name public.cfn_s3_sprk_1_deposits stands here a second time (first on line 1); keep one");

        var kept = ConfigTable.Import(text, Options with { KeepGoodRows = true });
        kept.Tables.ShouldBe(2);
        kept.Problems.ShouldBe(refused.Problems);
        PipelineParser.Parse(kept.Yaml!, "p.yaml").Errors.ShouldBeEmpty();
    }

    [Fact]
    public void A_header_in_another_order_is_refused() =>
        ConfigTable.Import($"job_name,table_name\n{Deposit}\n", Options).Problems.ShouldHaveSingleItem().Message.ShouldStartWith("the columns of this header");

    [Fact]
    public void A_table_without_rows_says_so() =>
        ConfigTable.Import(Header, Options).Problems.ShouldHaveSingleItem().Message.ShouldStartWith("no row could be imported");

    [Fact]
    public void A_pipeline_name_that_is_none_is_refused() =>
        ConfigTable.Import(Deposit, Options with { PipelineName = "7 up" }).Problems.ShouldHaveSingleItem().Message.ShouldContain("'7 up' is not a name");

    [Fact]
    public void Hostile_names_come_through_unchanged()
    {
        var pieces = Gen.Elements("a", "B", "7", " ", "#", "{", "}", ":", ": ", "'", "\"", "\\", "|", "-", "&", "*", "!", "%", "@", "`", ",", "é", "表", "🙂", "null", "yes", "\u200B", "<<", "- ");
        var names = from start in Gen.Elements("x", "#", "{", "\"", "'", "*", "null", "7") from rest in pieces.ListOf(6) select (start + string.Concat(rest)).Trim();
        var cases = from table in names from cursor in names from chunk in names from job in names select (table, cursor, chunk, job);
        Arbitrary.Holds(cases, item =>
        {
            var fields = Deposit.Split(',');
            (fields[0], fields[9], fields[10], fields[11]) = (item.job, item.table, item.cursor, item.chunk);
            var pipeline = Import(string.Join(",", fields.Select(field => $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"")));

            pipeline.Tables[0].Table.ShouldBe(new TableName("public", TableName.TryParse($"x.{item.table}")?.Name ?? item.table));
            pipeline.Tables[0].Cursor!.Column.ShouldBe(item.cursor);
            ((ChunkingDefinition.Bounds)pipeline.Tables[0].Chunks).Column.ShouldBe(item.chunk);
        });
    }

    [Fact]
    public void Any_text_is_imported_or_refused()
    {
        var pieces = Gen.Elements(",", ",,,", "\"", "|", "\n", "\r\n", "---", "job_name", "full_load", "1", "2018-11-04", "\0", "é", "\uD800", " ", Deposit, Loan, "\\");
        Arbitrary.Holds(pieces.ListOf().Select(list => string.Concat(list)), text =>
        {
            var result = ConfigTable.Import(text, Options with { KeepGoodRows = true });
            (result.Succeeded || result.Problems.Count > 0).ShouldBeTrue();
        }, 1000);
    }

    private static PipelineDefinition Import(string text)
    {
        var result = ConfigTable.Import(text, Options);
        result.Problems.ShouldBeEmpty();
        var parsed = PipelineParser.Parse(result.Yaml.ShouldNotBeNull(), "imported.yaml");
        parsed.Errors.ShouldBeEmpty();
        return parsed.Pipeline.ShouldNotBeNull();
    }
}
