using System.Text;
using Amazon.Runtime;
using DataLake.Aws.Signing;

namespace DataLake.Aws.Tests.Signing;

/// <summary>Signatures are those of AWS's published test suite (aws-sig-v4-test-suite), whose names the cases bear; the one of an escaped path, which the suite does not have, is botocore's.</summary>
public sealed class AwsSignatureTests
{
    private static readonly ImmutableCredentials Keys = new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", null);

    [Theory]
    [InlineData("get-vanilla", "GET", "/", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")]
    [InlineData("get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500")]
    [InlineData("get-vanilla-utf8-query", "GET", "/?ሴ=bar", "", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04")]
    [InlineData("get-unreserved", "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "", "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f")]
    [InlineData("post-vanilla", "POST", "/", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")]
    [InlineData("post-x-www-form-urlencoded", "POST", "/", "Param1=value1", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a")]
    [InlineData("escaped path", "GET", "/iceberg/v1/arn%3Aaws/namespaces/a%1Fb/tables?pageToken=", "", "0ef1a85397506a3ff4d45bf7e5224460be6c7150766c39ddf6350319cbcb8a75")]
    public void Signatures_are_those_of_the_published_test_suite(string name, string method, string target, string body, string signature)
    {
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["host"] = "example.amazonaws.com", ["x-amz-date"] = "20150830T123600Z" };
        if (body.Length > 0) headers["content-type"] = "application/x-www-form-urlencoded";
        var authorization = AwsSignature.Authorization(method, new Uri($"https://example.amazonaws.com{target}"), headers, AwsSignature.Hash(Encoding.UTF8.GetBytes(body)), Keys, "us-east-1", "service");
        authorization.ShouldBe($"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders={string.Join(';', headers.Keys)}, Signature={signature}", name);
    }

    [Fact]
    public async Task A_request_is_signed_with_its_body_and_session_and_keeps_its_escaped_path()
    {
        var sent = new Recording();
        using var client = new HttpClient(new AwsSignatureHandler(new SessionAWSCredentials("AKIDEXAMPLE", "secret", "session"), "eu-west-1", "s3tables") { InnerHandler = sent });
        using var response = await client.PostAsync(new Uri("https://localhost:1/iceberg/v1/arn%3Aaws/namespaces/a%1Fb/tables?pageToken="), new StringContent("{}"));
        var request = sent.Request.ShouldNotBeNull();
        request.RequestUri!.AbsolutePath.ShouldBe("/iceberg/v1/arn%3Aaws/namespaces/a%1Fb/tables");
        request.Headers.GetValues("x-amz-security-token").ShouldBe(["session"]);
        request.Headers.GetValues("x-amz-content-sha256").ShouldBe(["44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"]);
        request.Headers.GetValues("Authorization").Single().ShouldContain("/eu-west-1/s3tables/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=");
        request.Headers.Host.ShouldBe("localhost:1");
    }

    private sealed class Recording : HttpMessageHandler
    {
        public HttpRequestMessage? Request { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Request = request;
            return Task.FromResult(new HttpResponseMessage());
        }
    }
}
