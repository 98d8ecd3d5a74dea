using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;
using Portcullis.Authority.Clients;
using Portcullis.Authority.Keys;
using Portcullis.Authority.People;
using Portcullis.Authority.Revocations;
using Portcullis.Authority.Sessions;

namespace Portcullis.Authority.Storage;

/// <summary>
/// Everything the authority keeps: people, clients, sessions, refresh tokens, keys and revocations. Access tokens are not
/// among it: they are verified without a look here.
/// </summary>
internal sealed class AuthorityDbContext(DbContextOptions<AuthorityDbContext> options) : IdentityUserContext<Person>(options)
{
    /// <summary>Version 3 of Identity's schema is the first with passkeys.</summary>
    protected override Version SchemaVersion => IdentitySchemaVersions.Version3;

    public DbSet<PersonGroup> Groups => Set<PersonGroup>();

    public DbSet<Enrolment> Enrolments => Set<Enrolment>();

    public DbSet<Session> Sessions => Set<Session>();

    public DbSet<KeyRow> Keys => Set<KeyRow>();

    public DbSet<RevocationRow> Revocations => Set<RevocationRow>();

    public DbSet<ProtectionKeyRow> ProtectionKeys => Set<ProtectionKeyRow>();

    public DbSet<UsedAssertion> UsedAssertions => Set<UsedAssertion>();

    public DbSet<SchemaVersionRow> SchemaVersions => Set<SchemaVersionRow>();

    protected override void ConfigureConventions(ModelConfigurationBuilder builder)
    {
        // SQLite has no type for a point in time, and EF refuses to compare or sort the text it would store: a number does both, everywhere.
        builder.Properties<DateTimeOffset>().HaveConversion<UnixMilliseconds>();
    }

    protected override void OnModelCreating(ModelBuilder builder)
    {
        base.OnModelCreating(builder);
        builder.Entity<Person>(person => person.HasMany(p => p.Groups).WithOne().HasForeignKey(g => g.PersonId).OnDelete(DeleteBehavior.Cascade));
        builder.Entity<PersonGroup>(group =>
        {
            group.ToTable("PersonGroups");
            group.HasKey(g => new { g.PersonId, g.Name });
        });
        builder.Entity<Enrolment>(enrolment =>
        {
            enrolment.ToTable("Enrolments");
            enrolment.HasKey(e => e.TokenHash);
        });
        builder.Entity<Session>(session =>
        {
            session.ToTable("Sessions");
            session.HasKey(s => s.Id);
            session.HasIndex(s => s.Subject);
        });
        builder.Entity<KeyRow>(key =>
        {
            key.ToTable("SigningKeys");
            key.HasKey(k => k.KeyId);
        });
        builder.Entity<ProtectionKeyRow>(key =>
        {
            key.ToTable("ProtectionKeys");
            key.HasKey(k => k.Name);
        });
        builder.Entity<RevocationRow>(revocation =>
        {
            revocation.ToTable("Revocations");
            revocation.HasKey(r => r.Id);
            revocation.HasIndex(r => r.ExpiresAt);
        });
        builder.Entity<UsedAssertion>(assertion =>
        {
            assertion.ToTable("UsedAssertions");
            assertion.HasKey(a => a.Hash);
        });
        builder.Entity<SchemaVersionRow>(version =>
        {
            version.ToTable("SchemaVersion");
            version.HasKey(v => v.Version);
            version.Property(v => v.Version).ValueGeneratedNever();
        });
    }

    private sealed class UnixMilliseconds() : ValueConverter<DateTimeOffset, long>(
        time => time.ToUnixTimeMilliseconds(), number => DateTimeOffset.FromUnixTimeMilliseconds(number));
}
