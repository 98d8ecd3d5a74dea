using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.DependencyInjection;
using Portcullis.Authority.People;

namespace Portcullis.Tests.Authority.Attacks;

/// <summary>Who was shut out stays out, whatever they have kept.</summary>
public sealed class DisabledPersonTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, HttpStatusCode.OK)]
    [InlineData(true, HttpStatusCode.BadRequest)]
    public async Task Passkey_of_a_disabled_person_signs_nobody_in(bool isDisabled, HttpStatusCode expected)
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync(services: services => services.AddScoped<IPasskeyHandler<Person>, GoodPasskey>());
        await host.AddAliceAsync();
        if (isDisabled)
        {
            await host.Users.DisableAsync("alice", Stop);
        }

        using TestBrowser browser = host.CreateBrowser();
        Dictionary<string, string> form = (await browser.GetAsync("/login")).FormFields("/login");
        await browser.PostAsync("/login/passkey/options", form);
        form["credential"] = "{}";
        Assert.Equal(expected, (await browser.PostAsync("/login/passkey", form)).Status);
        Assert.Equal(isDisabled ? HttpStatusCode.Redirect : HttpStatusCode.OK, (await browser.GetAsync("/account")).Status);
    }

    [Fact]
    public async Task Enrolment_link_of_a_disabled_person_opens_nothing()
    {
        await using AuthorityHost host = await AuthorityHost.StartAsync();
        await host.AddAliceAsync();
        var secret = new Uri((await host.Users.CreateEnrolmentLinkAsync("alice", Stop)).Value!).Fragment[1..];
        await host.Users.DisableAsync("alice", Stop);
        using TestBrowser browser = host.CreateBrowser();
        TestPage page = await browser.SubmitAsync(await browser.GetAsync("/login/enrol"), "/login/enrol", ("secret", secret));
        Assert.Equal(HttpStatusCode.BadRequest, page.Status);
        Assert.Equal(HttpStatusCode.Redirect, (await browser.GetAsync("/account")).Status);
    }

    /// <summary>A passkey of alice's that is right: what comes after its check is under test.</summary>
    private sealed class GoodPasskey : IPasskeyHandler<Person>
    {
        public Task<PasskeyRequestOptionsResult> MakeRequestOptionsAsync(Person? user, HttpContext httpContext) =>
            Task.FromResult(new PasskeyRequestOptionsResult { RequestOptionsJson = "{}", AssertionState = "state" });

        public async Task<PasskeyAssertionResult<Person>> PerformAssertionAsync(PasskeyAssertionContext context)
        {
            Person alice = (await context.HttpContext.RequestServices.GetRequiredService<UserManager<Person>>().FindByNameAsync("alice"))!;
            return PasskeyAssertionResult.Success(new UserPasskeyInfo([1], [2], DateTimeOffset.UnixEpoch, 0, [], true, false, false, [], []), alice);
        }

        public Task<PasskeyCreationOptionsResult> MakeCreationOptionsAsync(PasskeyUserEntity userEntity, HttpContext httpContext) => throw new NotSupportedException();

        public Task<PasskeyAttestationResult> PerformAttestationAsync(PasskeyAttestationContext context) => throw new NotSupportedException();
    }
}
