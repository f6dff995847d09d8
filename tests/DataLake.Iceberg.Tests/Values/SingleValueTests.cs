using System.Text;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Values;

public sealed class SingleValueTests
{
    private static readonly Guid Uuid = new("f79c3e09-677c-4bbd-a479-3f349cb785e7");

    public static TheoryData<string, string, string> Examples { get; } = new()
    {
        // Type, JSON form (Appendix D has these examples), bytes in hexadecimal.
        { "boolean", "true", "01" },
        { "boolean", "false", "00" },
        { "int", "34", "22000000" },
        { "int", "-1", "ffffffff" },
        { "long", "34", "2200000000000000" },
        { "float", "1.5", "0000c03f" },
        { "double", "-2.5", "00000000000004c0" },
        { "decimal(9, 2)", "\"14.20\"", "058c" },
        { "decimal(9, 2)", "\"-0.01\"", "ff" },
        { "decimal(9, 2)", "\"1.28\"", "0080" },
        { "decimal(38, 0)", "\"99999999999999999999999999999999999999\"", "4b3b4ca85a86c47a098a223fffffffff" },
        { "date", "\"2017-11-16\"", "4e440000" },
        { "date", "\"1969-12-31\"", "ffffffff" },
        { "time", "\"22:31:08.123456\"", "406509e012000000" },
        { "timestamp", "\"2017-11-16T22:31:08.123456\"", "40a5282d215e0500" },
        { "timestamptz", "\"2017-11-16T22:31:08.123456+00:00\"", "40a5282d215e0500" },
        { "timestamp", "\"1969-12-31T23:59:59.999999\"", "ffffffffffffffff" },
        { "timestamp_ns", "\"2017-11-16T22:31:08.123456789\"", "1585c56698b1f714" },
        { "timestamptz_ns", "\"1969-12-31T23:59:59.999999999+00:00\"", "ffffffffffffffff" },
        { "string", "\"iceberg\"", "69636562657267" },
        { "string", "\"\"", "" },
        { "uuid", "\"f79c3e09-677c-4bbd-a479-3f349cb785e7\"", "f79c3e09677c4bbda4793f349cb785e7" },
        { "fixed[4]", "\"000102ff\"", "000102ff" },
        { "binary", "\"000102ff\"", "000102ff" },
    };

    [Theory]
    [MemberData(nameof(Examples))]
    public void A_value_has_one_binary_and_one_json_form(string type, string json, string hex)
    {
        var primitive = PrimitiveType.Parse(type);
        var value = SingleValueJson.Parse(primitive, Encoding.UTF8.GetBytes(json));
        Convert.ToHexStringLower(SingleValueBinary.ToBytes(value)).ShouldBe(hex);
        SingleValueBinary.Read(primitive, Convert.FromHexString(hex)).ShouldBe(value);
        Encoding.UTF8.GetString(SingleValueJson.ToUtf8(primitive, value)).ShouldBe(json);
    }

    [Fact]
    public void Bounds_that_were_written_before_a_promotion_are_read()
    {
        SingleValueBinary.Read(PrimitiveType.Long, SingleValueBinary.ToBytes(IcebergValue.Int(-7))).ShouldBe(IcebergValue.Long(-7));
        SingleValueBinary.Read(PrimitiveType.Double, SingleValueBinary.ToBytes(IcebergValue.Float(1.5f))).ShouldBe(IcebergValue.Double(1.5));
        SingleValueBinary.Read(PrimitiveType.Decimal(30, 2), [0xFF, 0xFF, 0xFE]).ShouldBe(IcebergValue.Decimal(-2));
    }

    [Theory]
    [InlineData("int", "00")]
    [InlineData("long", "0000000000")]
    [InlineData("boolean", "")]
    [InlineData("uuid", "00")]
    [InlineData("decimal(9,2)", "")]
    [InlineData("decimal(9,2)", "0102030405060708090a0b0c0d0e0f1011")]
    [InlineData("fixed[3]", "0000")]
    [InlineData("string", "c328")]
    public void Bytes_that_do_not_go_with_the_type_are_refused(string type, string hex) =>
        Should.Throw<IcebergException>(() => SingleValueBinary.Read(PrimitiveType.Parse(type), Convert.FromHexString(hex))).Kind.ShouldBe(IcebergErrorKind.Corrupt);

    [Theory]
    [InlineData("date", "\"2017-02-29\"")]
    [InlineData("time", "\"24:00:00\"")]
    [InlineData("timestamp", "\"2017-11-16T22:31:08+00:00\"")]
    [InlineData("timestamptz", "\"2017-11-16T22:31:08\"")]
    [InlineData("timestamptz", "\"2017-11-16T22:31:08-08:00\"")]
    [InlineData("decimal(9,2)", "\"14.2\"")]
    [InlineData("fixed[2]", "\"00\"")]
    [InlineData("int", "2147483648")]
    [InlineData("int", "1.5")]
    [InlineData("string", "1")]
    public void Json_that_does_not_go_with_the_type_is_refused(string type, string json) =>
        Should.Throw<IcebergException>(() => SingleValueJson.Parse(PrimitiveType.Parse(type), Encoding.UTF8.GetBytes(json))).Kind.ShouldBe(IcebergErrorKind.Corrupt);

    [Fact]
    public void Values_are_ordered_as_the_specification_orders_them()
    {
        Rising(IcebergValue.Null, IcebergValue.Double(double.NegativeInfinity), IcebergValue.Double(-1), IcebergValue.Double(-0.0), IcebergValue.Double(0.0), IcebergValue.Double(1), IcebergValue.Double(double.NaN));
        Rising(IcebergValue.Float(-0f), IcebergValue.Float(0f), IcebergValue.Float(float.NaN));

        // U+FF5E comes before U+1F600 in UTF-8, and after its surrogates in UTF-16.
        Rising(IcebergValue.String(""), IcebergValue.String("a"), IcebergValue.String("ab"), IcebergValue.String("b"), IcebergValue.String("\uFF5E"), IcebergValue.String("\U0001F600"));
        Rising(IcebergValue.Binary([]), IcebergValue.Binary([0x7F]), IcebergValue.Binary([0x80]));
        Rising(IcebergValue.Uuid(new Guid("7fffffff-0000-0000-0000-000000000000")), IcebergValue.Uuid(Uuid));
        Rising(IcebergValue.Decimal(-5), IcebergValue.Decimal(Int128.MaxValue));

        static void Rising(params IcebergValue[] values)
        {
            for (var i = 0; i < values.Length; i++)
                for (var j = 0; j < values.Length; j++) Math.Sign(IcebergValue.Compare(values[i], values[j])).ShouldBe(i.CompareTo(j));
        }
    }

    [Fact]
    public void Equal_values_are_equal_and_others_are_not()
    {
        IcebergValue.Binary([1, 2]).ShouldBe(IcebergValue.Binary([1, 2]));
        IcebergValue.Binary([1, 2]).GetHashCode().ShouldBe(IcebergValue.Binary([1, 2]).GetHashCode());
        IcebergValue.Double(double.NaN).ShouldBe(IcebergValue.Double(-double.NaN));
        IcebergValue.Double(0.0).ShouldNotBe(IcebergValue.Double(-0.0));
        IcebergValue.Int(1).ShouldNotBe(IcebergValue.Long(1));
        IcebergValue.Uuid(Uuid).AsUuid().ShouldBe(Uuid);
        Should.Throw<IcebergException>(() => IcebergValue.Int(1).AsString()).Kind.ShouldBe(IcebergErrorKind.Invalid);
    }

    [Fact]
    public void Every_decimal_comes_back_from_its_fewest_bytes()
    {
        var random = new Random(5);
        for (var i = 0; i < 20_000; i++)
        {
            var unscaled = new Int128((ulong)random.NextInt64(long.MinValue, long.MaxValue), (ulong)random.NextInt64()) >> random.Next(128);
            var bytes = SingleValueBinary.ToBytes(IcebergValue.Decimal(unscaled));
            SingleValueBinary.Read(PrimitiveType.Decimal(38, 0), bytes).AsUnscaled().ShouldBe(unscaled);
            if (bytes.Length > 1) (bytes[0] is 0 or 0xFF && (bytes[0] & 0x80) == (bytes[1] & 0x80)).ShouldBeFalse();
        }
    }
}
