package peer.shop.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Set;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.stereotype.Component;
import org.springframework.transaction.annotation.Transactional;

/** The roles of a token's account, looked up in knox's table by the token's digest, and kept for a minute. */
@Component
public class KnownTokens {
    private static final String ROLES = """
        SELECT g.name
        FROM knox_authtoken t
        JOIN auth_user u ON u.id = t.user_id AND u.is_active
        JOIN auth_user_groups ug ON ug.user_id = u.id
        JOIN auth_group g ON g.id = ug.group_id
        WHERE t.digest = ? AND (t.expiry IS NULL OR t.expiry > UTC_TIMESTAMP(6))
        """;

    private final Cache<String, Set<String>> roles =
        Caffeine.newBuilder().maximumSize(10_000).expireAfterWrite(Duration.ofMinutes(1)).build();
    private final JdbcTemplate jdbc;

    KnownTokens(JdbcTemplate jdbc) {
        this.jdbc = jdbc;
    }

    /** Empty for a token that nobody has, has any longer, or whose account has no role. */
    @Transactional(readOnly = true)
    public Set<String> rolesFromTable(String token) {
        return Set.copyOf(jdbc.queryForList(ROLES, String.class, digest(token)));
    }

    Set<String> kept(String token) {
        return roles.getIfPresent(token);
    }

    void keep(String token, Set<String> found) {
        roles.put(token, found);
    }

    private static String digest(String token) {
        try {
            MessageDigest sha512 = MessageDigest.getInstance("SHA-512");
            return HexFormat.of().formatHex(sha512.digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException missing) {
            throw new IllegalStateException(missing);
        }
    }
}
