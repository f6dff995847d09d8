using DataLake.Iceberg.Transforms;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Partitioning;

public sealed class TransformTests
{
    /// <summary>The test values of the specification's Appendix B.</summary>
    public static TheoryData<string, string, int> Hashes { get; } = new()
    {
        { "int", "34", 2017239379 },
        { "long", "34", 2017239379 },
        { "decimal(9,2)", "\"14.20\"", -500754589 },
        { "date", "\"2017-11-16\"", -653330422 },
        { "time", "\"22:31:08\"", -662762989 },
        { "timestamp", "\"2017-11-16T22:31:08\"", -2047944441 },
        { "timestamp", "\"2017-11-16T22:31:08.000001\"", -1207196810 },
        { "timestamptz", "\"2017-11-16T22:31:08+00:00\"", -2047944441 },
        { "timestamptz", "\"2017-11-16T22:31:08.000001+00:00\"", -1207196810 },
        { "timestamp_ns", "\"2017-11-16T22:31:08.000000000\"", -2047944441 },
        { "timestamp_ns", "\"2017-11-16T22:31:08.000001001\"", -1207196810 },
        { "timestamptz_ns", "\"2017-11-16T22:31:08.000001001+00:00\"", -1207196810 },
        { "string", "\"iceberg\"", 1210000089 },
        { "uuid", "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"", 1488055340 },
        { "fixed[4]", "\"00010203\"", -188683207 },
        { "binary", "\"00010203\"", -188683207 },
        { "boolean", "true", 1392991556 },
        { "float", "1.0", -142385009 },
        { "float", "0.0", 1669671676 },
        { "float", "-0.0", 1669671676 },
        { "double", "1.0", -142385009 },
        { "double", "0.0", 1669671676 },
        { "double", "-0.0", 1669671676 },
    };

    [Theory]
    [MemberData(nameof(Hashes))]
    public void Values_hash_as_the_specification_says(string type, string json, int hash) => Murmur3.Hash(Value(type, json)).ShouldBe(hash);

    [Fact]
    public void Murmur3_agrees_with_a_second_form_of_the_algorithm_at_any_length()
    {
        var random = new Random(4);
        for (var length = 0; length < 100; length++)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            Murmur3.Hash(bytes).ShouldBe(Reference(bytes));
        }
    }

    [Theory]
    [InlineData("bucket[16]", "string", "\"iceberg\"", "9")]
    [InlineData("bucket[100]", "decimal(9,2)", "\"14.20\"", "59")]
    [InlineData("truncate[10]", "int", "1", "0")]
    [InlineData("truncate[10]", "int", "-1", "-10")]
    [InlineData("truncate[10]", "long", "-10", "-10")]
    [InlineData("truncate[10]", "long", "-11", "-20")]
    [InlineData("truncate[50]", "decimal(9,2)", "\"10.65\"", "10.50")]
    [InlineData("truncate[10]", "decimal(9,2)", "\"-0.05\"", "-0.10")]
    [InlineData("truncate[3]", "string", "\"iceberg\"", "ice")]
    [InlineData("truncate[2]", "string", "\"\U0001F600\U0001F600x\"", "\U0001F600\U0001F600")]
    [InlineData("truncate[3]", "string", "\"ab\"", "ab")]
    [InlineData("truncate[3]", "binary", "\"0102030405\"", "AQID")]
    [InlineData("identity", "timestamp", "\"2017-12-01T10:12:55.038194\"", "2017-12-01T10:12:55.038194")]
    [InlineData("identity", "timestamptz", "\"2017-12-01T10:12:55+00:00\"", "2017-12-01T10:12:55+00:00")]
    [InlineData("identity", "boolean", "true", "true")]
    [InlineData("year", "date", "\"2017-11-16\"", "2017")]
    [InlineData("year", "date", "\"1969-12-31\"", "1969")]
    [InlineData("month", "date", "\"2017-11-16\"", "2017-11")]
    [InlineData("month", "date", "\"1969-12-31\"", "1969-12")]
    [InlineData("month", "timestamp", "\"1969-01-31T00:00:00\"", "1969-01")]
    [InlineData("day", "timestamp", "\"2017-11-16T22:31:08\"", "2017-11-16")]
    [InlineData("day", "timestamptz", "\"1969-12-31T23:59:59.999999+00:00\"", "1969-12-31")]
    [InlineData("day", "date", "\"0001-01-01\"", "0001-01-01")]
    [InlineData("day", "date", "\"+12345-06-07\"", "+12345-06-07")]
    [InlineData("hour", "timestamp", "\"2017-11-16T22:31:08\"", "2017-11-16-22")]
    [InlineData("hour", "timestamp", "\"1969-12-31T23:59:59.999999\"", "1969-12-31-23")]
    [InlineData("identity", "timestamp_ns", "\"2017-12-01T10:12:55.038194120\"", "2017-12-01T10:12:55.03819412")]
    [InlineData("identity", "timestamptz_ns", "\"2017-12-01T10:12:55.000000000+00:00\"", "2017-12-01T10:12:55+00:00")]
    [InlineData("day", "timestamp_ns", "\"1969-12-31T23:59:59.999999999\"", "1969-12-31")]
    [InlineData("hour", "timestamptz_ns", "\"2017-11-16T22:31:08.000000001+00:00\"", "2017-11-16-22")]
    [InlineData("year", "timestamp_ns", "\"1970-01-01T00:00:00.000000001\"", "1970")]
    [InlineData("void", "string", "\"iceberg\"", "null")]
    public void Transforms_give_what_the_specification_says_in_a_form_for_people(string transform, string type, string json, string expected)
    {
        var parsed = Transform.Parse(transform);
        parsed.ToString().ShouldBe(transform);
        var source = PrimitiveType.Parse(type);
        parsed.CanTransform(source).ShouldBeTrue();
        var result = parsed.Apply(Value(type, json));
        if (!result.IsNull) result.Type.ShouldBe(parsed.ResultType(source).Id);
        parsed.ToText(source, result).ShouldBe(expected);
    }

    [Theory]
    [InlineData("year", "\"1970-01-01T00:00:00\"", 0)]
    [InlineData("year", "\"1969-12-31T23:59:59.999999\"", -1)]
    [InlineData("month", "\"1969-12-31T23:59:59.999999\"", -1)]
    [InlineData("month", "\"1968-12-01T00:00:00\"", -13)]
    [InlineData("day", "\"1969-12-31T23:59:59.999999\"", -1)]
    [InlineData("hour", "\"1969-12-31T22:59:59.999999\"", -2)]
    [InlineData("hour", "\"1970-01-01T01:00:00\"", 1)]
    public void Times_before_1970_are_rounded_down(string transform, string json, int expected) =>
        Transform.Parse(transform).Apply(Value("timestamp", json)).AsInt().ShouldBe(expected);

    [Fact]
    public void Null_gives_null_in_every_transform()
    {
        foreach (var text in (string[])["identity", "bucket[4]", "truncate[4]", "year", "month", "day", "hour", "void"])
        {
            Transform.Parse(text).Apply(IcebergValue.Null).IsNull.ShouldBeTrue();
            Transform.Parse(text).ToText(PrimitiveType.Timestamp, IcebergValue.Null).ShouldBe("null");
        }
    }

    [Fact]
    public void Buckets_are_never_negative()
    {
        for (var i = 0; i < 10_000; i++) Transform.Bucket(7).Apply(IcebergValue.Int(i)).AsInt().ShouldBeInRange(0, 6);
    }

    [Theory]
    [InlineData("bucket[0]")]
    [InlineData("bucket[-1]")]
    [InlineData("truncate[]")]
    [InlineData("zorder[1]")]
    public void A_transform_that_is_not_known_is_kept_but_not_computed(string text)
    {
        var transform = Transform.Parse(text);
        transform.IsKnown.ShouldBeFalse();
        transform.ToString().ShouldBe(text);
        Should.Throw<IcebergException>(() => transform.Apply(IcebergValue.Int(1))).Kind.ShouldBe(IcebergErrorKind.Unsupported);
    }

    [Fact]
    public void Transforms_take_only_the_types_that_the_specification_lists()
    {
        Transform.Hour.CanTransform(PrimitiveType.Date).ShouldBeFalse();
        Transform.Bucket(2).CanTransform(PrimitiveType.Double).ShouldBeFalse();
        Transform.Truncate(2).CanTransform(PrimitiveType.Uuid).ShouldBeFalse();
        Transform.Day.ResultType(PrimitiveType.Timestamp).ShouldBe(PrimitiveType.Date);
        Should.Throw<IcebergException>(() => Transform.Year.Apply(IcebergValue.Long(1))).Kind.ShouldBe(IcebergErrorKind.Invalid);
    }

    [Fact]
    public void Calendar_transforms_agree_with_the_calendar_of_dotnet()
    {
        var random = new Random(8);
        var epoch = new DateTime(1970, 1, 1);
        for (var i = 0; i < 20_000; i++)
        {
            var time = new DateTime(random.NextInt64(DateTime.MinValue.Ticks, DateTime.MaxValue.Ticks) / 10 * 10);
            var value = IcebergValue.Timestamp((time - epoch).Ticks / 10);
            Transform.Year.Apply(value).AsInt().ShouldBe(time.Year - 1970);
            Transform.Month.Apply(value).AsInt().ShouldBe(((time.Year - 1970) * 12) + time.Month - 1);
            Transform.Day.Apply(value).AsInt().ShouldBe((int)Math.Floor((time - epoch).TotalDays));
            Transform.Day.ToText(PrimitiveType.Timestamp, Transform.Day.Apply(value)).ShouldBe(time.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        }
    }

    private static IcebergValue Value(string type, string json) => SingleValueJson.Parse(PrimitiveType.Parse(type), System.Text.Encoding.UTF8.GetBytes(json));

    /// <summary>Murmur3, byte by byte.</summary>
    private static int Reference(byte[] bytes)
    {
        static uint Mix(ulong block) => (uint)((((uint)(block * 0xCC9E2D51) << 15) | ((uint)(block * 0xCC9E2D51) >> 17)) * 0x1B873593ul);
        uint hash = 0, block = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            block |= (uint)bytes[i] << (8 * (i % 4));
            if (i % 4 != 3 && i != bytes.Length - 1) continue;
            hash ^= Mix(block);
            if (i % 4 == 3) hash = (((hash << 13) | (hash >> 19)) * 5) + 0xE6546B64;
            block = 0;
        }

        hash ^= (uint)bytes.Length;
        hash = (hash ^ (hash >> 16)) * 0x85EBCA6B;
        hash = (hash ^ (hash >> 13)) * 0xC2B2AE35;
        return (int)(hash ^ (hash >> 16));
    }
}
