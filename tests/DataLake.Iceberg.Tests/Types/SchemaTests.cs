using System.Text;
using DataLake.Iceberg.Types;
using DataLake.Iceberg.Values;

namespace DataLake.Iceberg.Tests.Types;

public sealed class SchemaTests
{
    private static readonly Schema Nested = new(
        StructType.Of(
            NestedField.Mandatory(1, "id", PrimitiveType.Long, "the key"),
            NestedField.Optional(2, "address", StructType.Of(NestedField.Mandatory(3, "city", PrimitiveType.String), NestedField.Optional(4, "code", PrimitiveType.Fixed(5)))),
            NestedField.Optional(5, "tags", new ListType(6, PrimitiveType.String, ElementRequired: false)),
            NestedField.Optional(7, "prices", new MapType(8, PrimitiveType.String, 9, PrimitiveType.Decimal(12, 2), ValueRequired: true))),
        schemaId: 3,
        identifierFieldIds: [1]);

    [Fact]
    public void A_schema_comes_back_from_its_json()
    {
        var json = SchemaJson.ToUtf8(Nested);
        SchemaJson.Parse(json).ShouldBe(Nested);
        SchemaJson.ToUtf8(SchemaJson.Parse(json)).ShouldBe(json);
        Encoding.UTF8.GetString(json).ShouldBe(
            """{"type":"struct","schema-id":3,"identifier-field-ids":[1],"fields":[{"id":1,"name":"id","required":true,"type":"long","doc":"the key"},""" +
            """{"id":2,"name":"address","required":false,"type":{"type":"struct","fields":[{"id":3,"name":"city","required":true,"type":"string"},""" +
            """{"id":4,"name":"code","required":false,"type":"fixed[5]"}]}},""" +
            """{"id":5,"name":"tags","required":false,"type":{"type":"list","element-id":6,"element":"string","element-required":false}},""" +
            """{"id":7,"name":"prices","required":false,"type":{"type":"map","key-id":8,"key":"string","value-id":9,"value":"decimal(12, 2)","value-required":true}}]}""");
    }

    [Fact]
    public void Fields_are_found_by_id_and_by_full_name_at_every_depth()
    {
        Nested.HighestFieldId.ShouldBe(9);
        Nested.FindField("address.city")!.Id.ShouldBe(3);
        Nested.FullName(6).ShouldBe("tags.element");
        Nested.FullName(9).ShouldBe("prices.value");
        Nested.FindField(10).ShouldBeNull();
        Nested.HasOneValueARow(3).ShouldBeTrue();
        Nested.HasOneValueARow(6).ShouldBeFalse();
    }

    [Fact]
    public void Fields_that_version_2_does_not_know_survive()
    {
        var json = """{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"a","required":false,"type":"int","initial-default":7}],"later":{"x":[1, 2]}}""";
        Encoding.UTF8.GetString(SchemaJson.ToUtf8(SchemaJson.Parse(Encoding.UTF8.GetBytes(json)))).ShouldBe(json);
    }

    [Theory]
    [InlineData("boolean")]
    [InlineData("int")]
    [InlineData("long")]
    [InlineData("float")]
    [InlineData("double")]
    [InlineData("date")]
    [InlineData("time")]
    [InlineData("timestamp")]
    [InlineData("timestamptz")]
    [InlineData("string")]
    [InlineData("uuid")]
    [InlineData("binary")]
    [InlineData("fixed[16]")]
    [InlineData("decimal(9, 2)")]
    [InlineData("timestamp_ns")]
    [InlineData("timestamptz_ns")]
    public void Every_primitive_type_has_its_json_form(string text) => PrimitiveType.Parse(text).ToString().ShouldBe(text);

    [Theory]
    [InlineData("decimal(9,2)", "decimal(9, 2)")]
    [InlineData(" decimal( 38 , 10 ) ", "decimal(38, 10)")]
    [InlineData("fixed[ 3 ]", "fixed[3]")]
    public void White_space_around_parameters_is_read(string text, string canonical) => PrimitiveType.Parse(text).ToString().ShouldBe(canonical);

    [Theory]
    [InlineData("variant", IcebergErrorKind.Unsupported)]
    [InlineData("geometry(OGC:CRS84)", IcebergErrorKind.Unsupported)]
    [InlineData("unknown", IcebergErrorKind.Unsupported)]
    [InlineData("variant(1)", IcebergErrorKind.Corrupt)]
    [InlineData("decimal(39,2)", IcebergErrorKind.Corrupt)]
    [InlineData("decimal(9)", IcebergErrorKind.Corrupt)]
    [InlineData("fixed[-1]", IcebergErrorKind.Corrupt)]
    [InlineData("fixed[99999999999]", IcebergErrorKind.Corrupt)]
    [InlineData("varchar", IcebergErrorKind.Corrupt)]
    public void Types_without_values_here_are_refused_and_others_are_damage(string text, IcebergErrorKind kind) =>
        Should.Throw<IcebergException>(() => PrimitiveType.Parse(text)).Kind.ShouldBe(kind);

    [Fact]
    public void A_schema_keeps_the_types_and_defaults_of_version_3()
    {
        var json = """
            {"type":"struct","schema-id":0,"fields":[{"id":1,"name":"v","required":false,"type":"variant"},{"id":2,"name":"g","required":false,"type":"geometry(srid:3857)"},
            {"id":3,"name":"p","required":false,"type":"geography(OGC:CRS84, karney)"},{"id":4,"name":"u","required":false,"type":"unknown"},
            {"id":5,"name":"l","required":false,"type":{"type":"list","element-id":6,"element":"variant","element-required":false}},
            {"id":7,"name":"t","required":true,"type":"timestamp_ns","initial-default":"2017-11-16T22:31:08.123456789","write-default":"1969-12-31T23:59:59.999999999"}]}
            """.ReplaceLineEndings("").Replace("},            {", "},{", StringComparison.Ordinal);
        var schema = SchemaJson.Parse(System.Text.Encoding.UTF8.GetBytes(json));
        System.Text.Encoding.UTF8.GetString(SchemaJson.ToUtf8(schema)).ShouldBe(json);
        DefaultValues.InitialOf(schema.FindField(7)!).ShouldBe(IcebergValue.TimestampNs(1_510_871_468_123_456_789));
        DefaultValues.WrittenOf(schema.FindField(7)!).ShouldBe(IcebergValue.TimestampNs(-1));
        DefaultValues.InitialOf(schema.FindField(1)!).IsNull.ShouldBeTrue();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(9, 4)]
    [InlineData(10, 5)]
    [InlineData(18, 8)]
    [InlineData(19, 9)]
    [InlineData(38, 16)]
    public void A_decimal_takes_the_fewest_bytes_that_hold_its_precision(int precision, int bytes) => PrimitiveType.Decimal(precision, 0).DecimalBytes.ShouldBe(bytes);

    [Fact]
    public void What_the_specification_forbids_is_refused()
    {
        var id = NestedField.Mandatory(1, "id", PrimitiveType.Long);
        Refused(() => new Schema(StructType.Of(id, NestedField.Mandatory(1, "other", PrimitiveType.Long)))).ShouldContain("same id 1");
        Refused(() => new Schema(StructType.Of(id, NestedField.Mandatory(2, "id", PrimitiveType.Long)))).ShouldContain("full name 'id'");
        Refused(() => new Schema(StructType.Of(NestedField.Mandatory(Schema.HighestAllowedFieldId + 1, "id", PrimitiveType.Long)))).ShouldContain("reserved");
        Refused(() => new Schema(StructType.Of(NestedField.Optional(1, "id", PrimitiveType.Long)), 0, [1])).ShouldContain("optional");
        Refused(() => new Schema(StructType.Of(NestedField.Mandatory(1, "id", PrimitiveType.Double)), 0, [1])).ShouldContain("floating-point");
        Refused(() => new Schema(StructType.Of(id), 0, [2])).ShouldContain("no such field");
        Refused(() => new Schema(Nested.Columns, 0, [3])).ShouldContain("'address' is optional");
        Refused(() => new Schema(Nested.Columns, 0, [8])).ShouldContain("list or map");

        static string Refused(Func<Schema> make)
        {
            var error = Should.Throw<IcebergException>(() => make());
            error.Kind.ShouldBe(IcebergErrorKind.Invalid);
            return error.Message;
        }
    }

    [Fact]
    public void Types_promote_as_versions_1_and_2_allow()
    {
        TypePromotion.IsAllowed(PrimitiveType.Int, PrimitiveType.Long).ShouldBeTrue();
        TypePromotion.IsAllowed(PrimitiveType.Float, PrimitiveType.Double).ShouldBeTrue();
        TypePromotion.IsAllowed(PrimitiveType.Decimal(9, 2), PrimitiveType.Decimal(12, 2)).ShouldBeTrue();
        TypePromotion.IsAllowed(PrimitiveType.Decimal(9, 2), PrimitiveType.Decimal(12, 3)).ShouldBeFalse();
        TypePromotion.IsAllowed(PrimitiveType.Long, PrimitiveType.Int).ShouldBeFalse();
        TypePromotion.IsAllowed(PrimitiveType.Date, PrimitiveType.Timestamp).ShouldBeFalse();
    }

    [Fact]
    public void A_name_mapping_finds_fields_by_any_of_their_names()
    {
        var text = """[{"field-id":1,"names":["id","record_id"]},{"names":["only imported"]},{"field-id":3,"names":["location"],"fields":[{"field-id":4,"names":["latitude","lat"]}]}]""";
        var mapping = NameMapping.Parse(text);
        mapping.ToJson().ShouldBe(text);
        mapping.Find("record_id")!.FieldId.ShouldBe(1);
        mapping.Find("location", "lat")!.FieldId.ShouldBe(4);
        mapping.Find("only imported")!.FieldId.ShouldBeNull();
        mapping.Find("location.lat").ShouldBeNull();
        var own = NameMapping.Of(Nested);
        own.Find("prices", "value")!.FieldId.ShouldBe(9);
        own.Find("tags", "element")!.FieldId.ShouldBe(6);
        NameMapping.Parse(own.ToJson()).Find("address", "city")!.FieldId.ShouldBe(3);
    }
}
